"""Clinical notes over HTTP: written, amended, discarded, and who reads them."""

from typing import Any

import pytest

from patients.models import ClinicalNote, Patient
from tenants.context import ClinicRoute, clinic_scope
from tests.patients.conftest import errors_of, with_crefito
from tests.people import Api, Everybody

URL = "/api/v1/notes"


def test_a_therapist_writes_goes_on_and_signs(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
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
    api: Api, people: Everybody, evolution: dict[str, Any]
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
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    original = therapist.post(f"{path}/sign").json()

    amended = therapist.post(f"{path}/amend", {"plan": "Alta."})

    assert amended.status_code == 201
    assert therapist.get(amended["Location"]).json()["amends"] == original["id"]
    assert therapist.get(path).json()["amendments"] == []  # not before it is signed
    assert therapist.post(amended["Location"] + "/sign").json()["status"] == "signed"
    assert therapist.get(path).json() == original | {"amendments": [amended.json()["id"]]}

    found = therapist.get(URL, {"amends": original["id"]}).json()["results"]
    assert [note["plan"] for note in found] == ["Alta."]


def test_only_a_signed_note_is_amended_and_only_by_its_author(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]

    early = therapist.post(f"{path}/amend", {"plan": "Alta."})

    assert (early.status_code, early.json()["code"]) == (409, "note_not_signed")

    therapist.post(f"{path}/sign")
    other = api(people.norte.owner).post(f"{path}/amend", {"plan": "x"})

    assert (other.status_code, other.json()["code"]) == (403, "not_the_author")


def test_an_amendment_keeps_its_kind(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]
    therapist.post(f"{path}/sign")
    amendment = therapist.post(f"{path}/amend", {"plan": "Alta."})

    refused = therapist.patch(amendment["Location"], {"kind": "evaluation"})

    assert errors_of(refused) == {"/kind": "not_permitted"}


def test_only_its_author_sees_a_draft(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    therapist, owner = api(people.norte.therapist), api(people.norte.owner)
    path = therapist.post(URL, evolution)["Location"]

    assert owner.get(path).status_code == 404
    assert owner.get(URL).json()["results"] == []
    assert owner.patch(path, {"plan": "x"}).status_code == 404

    therapist.post(f"{path}/sign")

    assert owner.get(path).json()["plan"] == "Manter."


def test_a_discarded_draft_is_gone_and_its_row_kept(
    api: Api, people: Everybody, evolution: dict[str, Any], norte: ClinicRoute
) -> None:
    therapist = api(people.norte.therapist)
    path = therapist.post(URL, evolution)["Location"]

    assert therapist.delete(path).status_code == 204
    assert therapist.get(path).status_code == 404
    assert therapist.delete(path).status_code == 404

    with clinic_scope(norte):
        assert ClinicalNote.objects.get().deleted_at is not None


def test_a_therapist_writes_and_reads_of_their_own_patients(
    api: Api, people: Everybody, evolution: dict[str, Any], norte: ClinicRoute
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


def test_reception_and_patients_read_no_notes(
    api: Api, people: Everybody, evolution: dict[str, Any]
) -> None:
    path = api(people.norte.therapist).post(URL, evolution)["Location"]
    for person in (people.norte.receptionist, people.norte.patient):
        for answer in (api(person).get(URL), api(person).get(path), api(person).post(URL, {})):
            assert answer.status_code == 403


def test_a_note_of_a_deleted_patient_is_out_of_sight(
    api: Api, people: Everybody, evolution: dict[str, Any]
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
    api: Api, people: Everybody, evolution: dict[str, Any], section: str, text: Any, code: str
) -> None:
    therapist = api(people.norte.therapist)
    refused = therapist.post(URL, evolution | {section: text})
    assert (refused.status_code, errors_of(refused)) == (400, {f"/{section}": code})
    longest = therapist.post(URL, evolution | {section: "é" * 10_000})
    assert longest.status_code == 201


def test_lists_are_filtered(api: Api, people: Everybody, evolution: dict[str, Any]) -> None:
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
