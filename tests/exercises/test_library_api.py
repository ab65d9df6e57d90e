"""The library over HTTP, as each of the clinic's people."""

from typing import Any

import pytest

from exercises.models import Exercise
from tenants.context import ClinicRoute, clinic_scope
from tests.exercises.conftest import errors_of
from tests.people import Api, Everybody

URL = "/api/v1/exercises"
BODY = {
    "name": "Ponte com uma perna",
    "body_region": "hip",
    "goal": "strength",
    "instructions": "Eleve a bacia com uma perna só.",
}


def test_a_therapist_adds_changes_and_takes_out_an_exercise(
    api: Api, people: Everybody, bridge: Exercise, norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)
    made = therapist.post(URL, BODY | {"regression": str(bridge.pk)})
    assert made.status_code == 201, made.json()
    assert made.json()["default_sets"] == 3
    assert made.json()["library_code"] == ""

    path = made["Location"]
    easier = therapist.patch(f"{URL}/{bridge.pk}", {"progression": made.json()["id"]})
    assert easier.json()["progression"] == made.json()["id"]

    changed = therapist.patch(path, {"default_sets": 2, "media_url": "https://v.example/ponte"})
    assert (changed.json()["default_sets"], changed.json()["name"]) == (2, BODY["name"])

    assert therapist.delete(path).status_code == 204
    assert therapist.get(path).status_code == 404
    assert therapist.get(f"{URL}/{bridge.pk}").json()["progression"] is None

    with clinic_scope(norte):
        assert Exercise.objects.count() == 2


@pytest.mark.parametrize("role", ["owner", "manager", "therapist"])
def test_owner_manager_and_therapists_keep_the_library(
    api: Api, people: Everybody, bridge: Exercise, role: str
) -> None:
    person = api(getattr(people.norte, role))
    assert [e["name"] for e in person.get(URL).json()["results"]] == ["Ponte"]
    assert person.post(URL, BODY).status_code == 201


@pytest.mark.parametrize("role", ["receptionist", "patient"])
def test_reception_and_patients_are_refused(
    api: Api, people: Everybody, bridge: Exercise, role: str
) -> None:
    person = api(getattr(people.norte, role))
    for answer in (person.get(URL), person.get(f"{URL}/{bridge.pk}"), person.post(URL, BODY)):
        assert answer.status_code == 403


def test_the_owner_of_sul_sees_nothing_of_norte(
    api: Api, people: Everybody, bridge: Exercise
) -> None:
    outsider = api(people.sul.owner)

    assert outsider.get(URL).json()["results"] == []
    assert outsider.get(f"{URL}/{bridge.pk}").status_code == 404
    foreign = outsider.post(URL, BODY | {"progression": str(bridge.pk)})
    assert errors_of(foreign) == {"/progression": "does_not_exist"}


def test_a_name_is_unique_in_any_letter_case_until_its_exercise_is_deleted(
    api: Api, people: Everybody, bridge: Exercise
) -> None:
    therapist = api(people.norte.therapist)
    for name in ("Ponte", "PONTE", "  ponte "):
        refused = therapist.post(URL, BODY | {"name": name})
        assert refused.status_code == 409
        assert errors_of(refused) == {"/name": "unique"}

    assert therapist.delete(f"{URL}/{bridge.pk}").status_code == 204
    assert therapist.post(URL, BODY | {"name": "ponte"}).status_code == 201


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "P"}, {"/name": "min_length"}),
        ({"body_region": "tail"}, {"/body_region": "invalid_choice"}),
        ({"goal": ""}, {"/goal": "invalid_choice"}),
        ({"instructions": ""}, {"/instructions": "blank"}),
        ({"instructions": "x" * 5001}, {"/instructions": "max_length"}),
        ({"contraindications": "x" * 2001}, {"/contraindications": "max_length"}),
        ({"default_sets": 0}, {"/default_sets": "min_value"}),
        ({"default_sets": 21}, {"/default_sets": "max_value"}),
        ({"default_sets": "3"}, {"/default_sets": "invalid"}),
        ({"default_sets": 2.5}, {"/default_sets": "invalid"}),
        ({"default_sets": True}, {"/default_sets": "invalid"}),
        ({"default_repetitions": 201}, {"/default_repetitions": "max_value"}),
        ({"default_hold_seconds": -1}, {"/default_hold_seconds": "min_value"}),
        ({"default_frequency_per_week": 8}, {"/default_frequency_per_week": "max_value"}),
        ({"media_url": "http://v.example/"}, {"/media_url": "invalid"}),
        ({"media_url": "javascript:alert(1)"}, {"/media_url": "invalid"}),
        ({"progression": "1"}, {"/progression": "invalid"}),
        ({"library_code": "mine"}, {"/library_code": "read_only"}),
    ],
)
def test_a_wrong_value_is_refused_by_field_and_code(
    api: Api, people: Everybody, fields: Any, expected: dict[str, str]
) -> None:
    refused = api(people.norte.manager).post(URL, BODY | fields)
    assert refused.status_code == 400
    assert errors_of(refused) == expected


def test_an_exercise_does_not_lead_to_itself(api: Api, people: Everybody, bridge: Exercise) -> None:
    manager = api(people.norte.manager)
    for link in ("progression", "regression"):
        refused = manager.patch(f"{URL}/{bridge.pk}", {link: str(bridge.pk)})
        assert errors_of(refused) == {f"/{link}": "itself"}


def test_it_is_searched_by_words_region_and_goal(
    api: Api, people: Everybody, bridge: Exercise, squat: Exercise
) -> None:
    manager = api(people.norte.manager)

    def names(**query: Any) -> list[str]:
        return [exercise["name"] for exercise in manager.get(URL, query).json()["results"]]

    assert names() == ["Agachamento", "Ponte"]
    assert names(q="PÔNTE") == ["Ponte"]
    assert names(body_region="knee") == ["Agachamento"]
    assert names(goal="balance") == []
    assert errors_of(manager.get(URL, {"goal": "fame"})) == {"goal": "invalid_choice"}
