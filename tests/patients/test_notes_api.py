"""Clinical notes over HTTP: a therapist's day, an intern's, and what the others see of it."""

from typing import Any

import pytest

from accounts.models import User
from accounts.services import user_update
from patients.models import ClinicalNote, Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Api, Everybody

URL = "/api/v1/notes"


@pytest.fixture
def evolution(people: Everybody) -> dict[str, Any]:
    return {
        "patient": str(people.norte.record.pk),
        "kind": "evolution",
        "subjective": "Dor EVA 6 para 4.",
        "plan": "Manter.",
    }


def errors_of(answer: Any) -> dict[str, str]:
    """Pointer (or parameter) to code, of a problem."""
    return {e.get("pointer", e.get("parameter")): e["code"] for e in answer.json()["errors"]}


def with_crefito(person: User) -> User:
    """The person as a physiotherapist too; people of the fixture are shared by all tests."""
    return user_update(acting_user=None, user=User.objects.get(pk=person.pk), crefito="3/777-F")


def test_a_therapist_writes_goes_on_and_signs(api: Api, people: Everybody, evolution: Any) -> None:
    therapist = api(people.norte.therapist)
    made = therapist.post(URL, evolution)
    assert made.status_code == 201, made.json()
    draft = made.json()
    assert (draft["status"], draft["author_name"], draft["signed_at"]) == ("draft", "", None)
    path = made["Location"]
    assert therapist.patch(path, {"objective": "ADM 90°."}).json()["objective"] == "ADM 90°."
    signed = therapist.post(f"{path}/sign").json()
    assert signed["status"] == "signed"
    assert signed["author_name"] == people.norte.therapist.full_name
    assert signed["author_crefito"] == "3/12345-F"
    assert signed["subjective"] == evolution["subjective"]
    assert therapist.get(path).json() == signed


def test_a_signed_note_is_closed_to_its_author_too(
    api: Api, people: Everybody, evolution: Any
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    signed = therapist.post(f"{path}/sign").json()
    for refused in (
        therapist.patch(path, {"plan": "Alta."}),
        therapist.delete(path),
        therapist.post(f"{path}/sign"),
    ):
        assert (refused.status_code, refused.json()["code"]) == (409, "note_signed")
    assert therapist.get(path).json() == signed


def test_an_amendment_stands_beside_what_it_corrects(
    api: Api, people: Everybody, evolution: Any
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    early = therapist.post(f"{path}/amend", {"plan": "Alta."})
    assert (early.status_code, early.json()["code"]) == (409, "note_not_signed")
    original = therapist.post(f"{path}/sign").json()
    amended = therapist.post(f"{path}/amend", {"plan": "Alta."})
    assert amended.status_code == 201
    assert therapist.get(amended["Location"]).json()["amends"] == original["id"]
    assert therapist.get(path).json()["amendments"] == []  # not before it is signed
    frozen = therapist.patch(amended["Location"], {"kind": "evaluation"})
    assert errors_of(frozen) == {"/kind": "not_permitted"}
    assert therapist.post(amended["Location"] + "/sign").json()["status"] == "signed"
    assert therapist.get(path).json() == original | {"amendments": [amended.json()["id"]]}
    found = therapist.get(URL, {"amends": original["id"]}).json()["results"]
    assert [note["plan"] for note in found] == ["Alta."]
    owner = api(people.norte.owner).post(f"{path}/amend", {"plan": "x"})
    assert (owner.status_code, owner.json()["code"]) == (403, "not_the_author")


def test_a_draft_is_its_authors_alone(api: Api, people: Everybody, evolution: Any) -> None:
    therapist, owner = api(people.norte.therapist), api(people.norte.owner)
    path = therapist.post(URL, evolution)["Location"]
    assert owner.get(path).status_code == 404
    assert owner.get(URL).json()["results"] == []
    assert owner.patch(path, {"plan": "x"}).status_code == 404
    therapist.post(f"{path}/sign")
    assert owner.get(path).json()["plan"] == "Manter."


def test_a_discarded_draft_is_gone_and_its_row_kept(
    api: Api, people: Everybody, evolution: Any, norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    assert therapist.delete(path).status_code == 204
    assert therapist.get(path).status_code == 404
    assert therapist.delete(path).status_code == 404
    with clinic_scope(norte):
        assert ClinicalNote.objects.get().deleted_at is not None


def test_nobody_signs_an_empty_page(api: Api, people: Everybody, evolution: Any) -> None:
    therapist = api(people.norte.therapist)
    blank = {"patient": evolution["patient"], "kind": "evaluation", "plan": " \n\t"}
    path = therapist.post(URL, blank)["Location"]
    refused = therapist.post(f"{path}/sign")
    assert (refused.status_code, refused.json()["code"]) == (409, "note_empty")


def test_a_manager_who_is_no_physiotherapist_cannot_sign(
    api: Api, people: Everybody, evolution: Any
) -> None:
    manager = api(people.norte.manager)
    path = manager.post(URL, evolution)["Location"]
    refused = manager.post(f"{path}/sign")
    assert (refused.status_code, refused.json()["code"]) == (409, "crefito_missing")


def test_an_interns_note_waits_for_the_supervisor(
    api: Api, people: Everybody, evolution: Any, intern: User, norte: ClinicRoute
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
    api: Api, people: Everybody, evolution: Any, intern: User, norte: ClinicRoute
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
    api: Api, people: Everybody, evolution: Any, norte: ClinicRoute
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


def test_a_therapist_writes_and_reads_of_their_own_patients(
    api: Api, people: Everybody, evolution: Any, norte: ClinicRoute
) -> None:
    owner, therapist = api(people.norte.owner), api(people.norte.therapist)
    with clinic_scope(norte):
        with_crefito(people.norte.owner)
        Patient.objects.update(therapist=None)
    refused = therapist.post(URL, evolution)
    assert errors_of(refused) == {"/patient": "does_not_exist"}
    path = owner.post(URL, evolution)["Location"]
    assert owner.post(f"{path}/sign").status_code == 200
    assert therapist.get(path).status_code == 404
    with clinic_scope(norte):
        Patient.objects.update(therapist=people.norte.therapist)
    assert therapist.get(path).status_code == 200


def test_reception_and_patients_read_no_notes(api: Api, people: Everybody, evolution: Any) -> None:
    path = api(people.norte.therapist).post(URL, evolution)["Location"]
    for person in (people.norte.receptionist, people.norte.patient):
        for answer in (api(person).get(URL), api(person).get(path), api(person).post(URL, {})):
            assert answer.status_code == 403


def test_a_note_of_a_deleted_patient_is_out_of_sight(
    api: Api, people: Everybody, evolution: Any
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    api(people.norte.owner).delete(f"/api/v1/patients/{people.norte.record.pk}")
    assert therapist.get(path).status_code == 404


@pytest.mark.parametrize("section", ["subjective", "objective", "assessment", "plan"])
@pytest.mark.parametrize(
    ("text", "code"),
    [("x" * 10_001, "max_length"), ("a\0", "null_characters_not_allowed"), (7, "invalid")],
)
def test_sections_are_text_of_a_limited_length(
    api: Api, people: Everybody, evolution: Any, section: Any, text: Any, code: Any
) -> None:
    therapist = api(people.norte.therapist)
    refused = therapist.post(URL, evolution | {section: text})
    assert (refused.status_code, errors_of(refused)) == (400, {f"/{section}": code})
    longest = therapist.post(URL, evolution | {section: "é" * 10_000})
    assert longest.status_code == 201


def test_signatures_cannot_be_written(api: Api, people: Everybody, evolution: Any) -> None:
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


def test_lists_are_filtered(api: Api, people: Everybody, evolution: Any) -> None:
    therapist = api(people.norte.therapist)
    first = therapist.post(URL, evolution).json()["id"]
    second = therapist.post(URL, evolution | {"kind": "evaluation"}).json()["id"]
    therapist.post(f"{URL}/{first}/sign")

    def ids(**query: str) -> list[str]:
        return [note["id"] for note in therapist.get(URL, query).json()["results"]]

    assert ids() == [second, first]
    assert ids(ordering="created_at") == [first, second]
    assert ids(kind="evaluation") == ids(status="draft") == [second]
    assert ids(status="signed", patient=evolution["patient"]) == [first]
    assert ids(author=str(people.norte.owner.pk)) == []
    assert therapist.get(URL, {"status": "lost"}).status_code == 400
