"""Signatures of clinical notes over HTTP: the author's, the supervisor's, and who may not sign."""

from typing import Any

from accounts.models import User
from accounts.services import user_update
from patients.models import Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import errors_of, with_crefito
from tests.people import Api, Everybody

URL = "/api/v1/notes"


def test_nobody_signs_an_empty_page(api: Api, people: Everybody, evolution: dict[str, Any]) -> None:
    therapist = api(people.norte.therapist)
    blank = {"patient": evolution["patient"], "kind": "evaluation", "plan": " \n\t"}
    path = therapist.post(URL, blank)["Location"]
    refused = therapist.post(f"{path}/sign")
    assert (refused.status_code, refused.json()["code"]) == (409, "note_empty")


def test_a_manager_who_is_no_physiotherapist_cannot_sign(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    manager = api(people.norte.manager)
    path = manager.post(URL, evolution)["Location"]
    refused = manager.post(f"{path}/sign")
    assert (refused.status_code, refused.json()["code"]) == (409, "crefito_missing")


def test_an_interns_note_waits_for_the_supervisor(
    api: Api, people: Everybody, evolution: dict[str, Any], intern: User, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        Patient.objects.update(therapist=intern)  # no longer the supervisor's own patient

    pupil, supervisor, owner = api(intern), api(people.norte.therapist), api(people.norte.owner)
    path = pupil.post(URL, evolution)["Location"]

    assert supervisor.get(path).status_code == 404  # a draft

    signed = pupil.post(f"{path}/sign").json()

    assert (signed["status"], signed["author_crefito"]) == ("awaiting_supervisor", "")
    assert signed["supervisor"] == str(people.norte.therapist.pk)
    assert signed["supervisor_name"] == ""

    waiting = supervisor.get(URL, {"status": "awaiting_supervisor"}).json()["results"]
    assert [note["id"] for note in waiting] == [signed["id"]]

    for other in (pupil, owner):
        refused = other.post(f"{path}/cosign")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_the_supervisor")

    whole = supervisor.post(f"{path}/cosign").json()

    assert whole["status"] == "signed"
    assert whole["supervisor_name"] == people.norte.therapist.full_name
    assert whole["supervisor_crefito"] == "3/12345-F"

    again = supervisor.post(f"{path}/cosign")
    assert (again.status_code, again.json()["code"]) == (409, "no_signature_pending")


def test_an_intern_who_changed_supervisors_isnt_stuck(
    api: Api, people: Everybody, evolution: dict[str, Any], intern: User, norte: ClinicRoute
) -> None:
    with clinic_scope(norte):
        Patient.objects.update(therapist=intern)

    path = api(intern).post(URL, evolution)["Location"]
    api(intern).post(f"{path}/sign")

    with clinic_scope(norte):
        owner = with_crefito(people.norte.owner)
        user_update(acting_user=None, user=User.objects.get(pk=intern.pk), supervisor=owner)

    whole = api(owner).post(f"{path}/cosign").json()

    assert (whole["status"], whole["supervisor"]) == ("signed", str(owner.pk))
    assert whole["supervisor_crefito"] == "3/777-F"


def test_names_are_those_of_the_day_of_signing(
    api: Api, people: Everybody, evolution: dict[str, Any], norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    therapist.post(f"{path}/sign")

    with clinic_scope(norte):
        fields = {"full_name": "Outro Nome", "crefito": "9/9-F"}
        person = User.objects.get(pk=people.norte.therapist.pk)
        user_update(acting_user=None, user=person, **fields)

    read = therapist.get(path).json()

    assert (read["author_name"], read["author_crefito"]) == ("Therapist Norte", "3/12345-F")


def test_signatures_cannot_be_written(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    therapist = api(people.norte.therapist)
    forged = {"author_name": "X", "signed_at": "2026-01-01T00:00:00Z", "amends": None}
    refused = therapist.post(URL, evolution | forged | {"kind": "x", "status": "signed"})

    assert errors_of(refused) == {
        "/author_name": "read_only",
        "/signed_at": "read_only",
        "/amends": "read_only",
        "/status": "read_only",
        "/kind": "invalid_choice",
    }

    path = therapist.post(URL, evolution)["Location"]
    moved = therapist.patch(path, {"patient": evolution["patient"]})

    assert errors_of(moved) == {"/patient": "read_only"}
