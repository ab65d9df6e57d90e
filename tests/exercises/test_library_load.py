"""FisioFlow's own exercises: the file, and how a clinic gets its copy."""

from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from exercises.errors import LibraryNotPermitted
from exercises.library import library_exercises
from exercises.models import Exercise
from exercises.services import exercise_create, library_load
from exercises.states import BodyRegion, Goal
from tenants.context import ClinicRoute, clinic_scope
from tenants.directory import route_by_schema
from tests.people import Everybody


@pytest.mark.without_database
def test_the_file_has_sixty_exercises_for_the_whole_body() -> None:
    entries = library_exercises("pt_BR")
    assert len(entries) == len({entry.code for entry in entries}) == 60
    assert len({entry.fields["name"].casefold() for entry in entries}) == 60

    regions = Counter(entry.fields["body_region"] for entry in entries)
    assert regions == dict.fromkeys(BodyRegion.values, 5)
    assert {entry.fields["goal"] for entry in entries} == set(Goal.values)
    for entry in entries:
        assert len(entry.fields["instructions"]) > 80, entry.code


@pytest.mark.without_database
def test_progressions_lead_to_exercises_of_the_file_and_never_in_circles() -> None:
    by_code = {entry.code: entry for entry in library_exercises("pt_BR")}
    linked = [entry for entry in by_code.values() if entry.progression]
    assert len(linked) > 20

    for entry in linked:
        assert by_code[str(entry.progression)].regression == entry.code
        seen, following = {entry.code}, entry
        while following.progression:
            following = by_code[following.progression]
            assert following.code not in seen
            seen.add(following.code)


@pytest.mark.without_database
def test_the_licence_is_beside_the_file() -> None:
    folder = Path(__import__("exercises.library").library.__file__).parent
    assert "CC0 1.0" in (folder / "README.md").read_text(encoding="utf-8")
    assert '"license": "CC0-1.0"' in (folder / "pt_BR.json").read_text(encoding="utf-8")


def test_a_clinic_gets_all_of_them_in_two_queries_and_keeps_its_changes(
    in_norte: ClinicRoute, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(5, connection=connections["shard_1"]):
        assert library_load(acting_user=None) == 60  # with the savepoint, and entering the clinic

    for exercise in Exercise.objects.all():
        exercise.full_clean()

    bridge = Exercise.objects.get(library_code="quadril-ponte")
    harder = Exercise.objects.get(library_code="quadril-ponte-unilateral")
    assert (bridge.progression, harder.regression) == (harder, bridge)

    Exercise.objects.filter(pk=bridge.pk).update(name="Elevação pélvica")
    Exercise.objects.filter(pk=harder.pk).update(deleted_at=timezone.now())
    assert library_load(acting_user=None) == 0
    assert Exercise.objects.alive().count() == 59


def test_an_exercise_whose_name_the_clinic_already_uses_is_left_out(in_norte: ClinicRoute) -> None:
    exercise_create(
        acting_user=None, name="PONTE", body_region="hip", goal="strength", instructions="A nossa."
    )
    assert library_load(acting_user=None) == 59
    assert Exercise.objects.get(library_code="quadril-ponte-unilateral").regression is None


def test_only_those_who_keep_the_library_write_it(in_norte: ClinicRoute, people: Everybody) -> None:
    for person in (people.norte.receptionist, people.norte.patient):
        with pytest.raises(LibraryNotPermitted):
            exercise_create(acting_user=person, name="Minha")
        with pytest.raises(LibraryNotPermitted):
            library_load(acting_user=person)


def test_the_command_loads_them_into_a_clinic(
    norte: ClinicRoute, sul: ClinicRoute, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("load_exercises", "norte")
    call_command("load_exercises", "norte")

    assert capsys.readouterr().out == ("60 exercises added to norte\n0 exercises added to norte\n")

    with clinic_scope(sul):
        assert not Exercise.objects.exists()

    with pytest.raises(CommandError):
        call_command("load_exercises", "nowhere")


def test_a_new_clinic_starts_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    names = {"name": "Leste", "domain": "leste.localhost", "owner_email": "d@leste.example"}
    call_command("create_clinic", "leste", shard="shard_1", **names)
    with clinic_scope(route_by_schema("leste")):
        assert Exercise.objects.count() == 60
