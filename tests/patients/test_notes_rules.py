"""What only the database makes sure of: a signed note never changes, whoever writes."""

from collections.abc import Callable

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from core.constraints import FieldConflict, refusals
from core.errors import FieldError
from patients.errors import NoSignaturePending, NoteSigned
from patients.models import ClinicalNote
from patients.services import note_amend, note_cosign, note_draft, note_revise, note_sign
from tenants.context import ClinicRoute, clinic_scope
from tests.people import Everybody, FreshClinic, InThreads

TABLE = "patients_clinicalnote"


@pytest.fixture
def draft(in_norte: ClinicRoute, people: Everybody) -> ClinicalNote:
    return note_draft(
        acting_user=people.norte.therapist,
        patient=people.norte.record,
        kind="evolution",
        subjective="Dor EVA 6.",
    )


@pytest.fixture
def signed(draft: ClinicalNote, people: Everybody) -> ClinicalNote:
    return note_sign(acting_user=people.norte.therapist, note=draft)


@pytest.fixture
def waiting(in_norte: ClinicRoute, people: Everybody, intern: User) -> ClinicalNote:
    note = note_draft(
        acting_user=intern, patient=people.norte.record, kind="evolution", plan="Manter."
    )
    return note_sign(acting_user=intern, note=note)


@pytest.mark.parametrize(
    "change",
    [
        "subjective = 'Sem dor.'",
        "plan = plan || '.'",
        "kind = 'evaluation'",
        "author_name = 'Outra'",
        "author_crefito = ''",
        "signed_at = NULL, author_name = '', author_crefito = ''",
        "signed_at = signed_at - interval '1 day'",
        "created_at = now()",
        "deleted_at = now()",
        "updated_at = now()",
        "supervisor_id = (SELECT id FROM accounts_user WHERE role = 'owner')",
    ],
)
def test_no_column_of_a_signed_note_changes(
    signed: ClinicalNote, refused_by: Callable[..., str], change: str
) -> None:
    sql = f"UPDATE {TABLE} SET {change} WHERE id = %s"
    assert refused_by(sql, [signed.pk]) == f"{TABLE}_unchanged"


def test_a_signed_note_is_not_deleted(signed: ClinicalNote, refused_by: Callable[..., str]) -> None:
    assert refused_by(f"DELETE FROM {TABLE} WHERE id = %s", [signed.pk]) == f"{TABLE}_kept"


def test_the_supervisors_signature_is_taken_once_and_nothing_with_it(
    waiting: ClinicalNote, refused_by: Callable[..., str], people: Everybody
) -> None:
    signature = "cosigned_at = now(), supervisor_name = 'Therapist', supervisor_crefito = '3/1-F'"
    update = f"UPDATE {TABLE} SET {signature}"

    assert refused_by(f"{update}, plan = 'Alta.'") == f"{TABLE}_unchanged"
    assert refused_by(f"UPDATE {TABLE} SET supervisor_name = 'x'") == f"{TABLE}_unchanged"

    half = f"UPDATE {TABLE} SET cosigned_at = now(), supervisor_name = 'x'"
    assert refused_by(half) == f"{TABLE}_cosigned_whole"

    author = f"{update}, supervisor_id = author_id"
    assert refused_by(author) == f"{TABLE}_supervisor_other"

    with connections["shard_1"].cursor() as cursor:
        cursor.execute(update)

    assert refused_by(update) == f"{TABLE}_unchanged"


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("signed_at = now()", "signed_by_somebody"),
        ("author_name = 'x'", "signed_by_somebody"),
        ("signed_at = now(), author_name = 'x'", "signed_with_crefito"),
        (
            "signed_at = now(), author_name = 'x', author_crefito = 'x', subjective = E' \\n'",
            "signed_with_content",
        ),
        ("supervisor_id = author_id", "signed_by_somebody"),
        ("cosigned_at = now()", "cosigned_whole"),
        ("kind = 'poem'", "kind_known"),
        ("plan = repeat('x', 10001)", "plan_length"),
        ("amends_id = id", "amends_own_signed"),
    ],
)
def test_a_draft_cannot_be_made_into_nonsense(
    draft: ClinicalNote, refused_by: Callable[..., str], change: str, constraint: str
) -> None:
    sql = f"UPDATE {TABLE} SET {change} WHERE id = %s"
    assert refused_by(sql, [draft.pk]) == f"{TABLE}_{constraint}"


def test_a_signed_note_is_never_a_discarded_one(
    draft: ClinicalNote, refused_by: Callable[..., str]
) -> None:
    signature = "signed_at = now(), author_name = 'x', author_crefito = 'x'"
    sql = f"UPDATE {TABLE} SET deleted_at = now(), {signature}"
    assert refused_by(sql) == f"{TABLE}_discarded_unsigned"


@pytest.mark.parametrize("whose", ["of another author", "of another kind", "of a draft"])
def test_an_amendment_belongs_to_a_signed_note_of_its_author(
    signed: ClinicalNote, people: Everybody, whose: str
) -> None:
    amended = signed
    if whose == "of a draft":
        amended = note_draft(
            acting_user=people.norte.therapist, patient=people.norte.record, kind="evolution"
        )
    amendment = ClinicalNote(
        patient=people.norte.record,
        kind="evaluation" if whose == "of another kind" else "evolution",
        author=people.norte.owner if whose == "of another author" else people.norte.therapist,
        amends=amended,
    )

    with pytest.raises(FieldError) as refused:
        _save(amendment)

    assert (refused.value.field, refused.value.field_code) == ("amends", "invalid")


def _save(note: ClinicalNote) -> None:
    with refusals(), transaction.atomic(using="shard_1"):
        note.save(force_insert=True)


def test_an_amendment_may_be_amended(signed: ClinicalNote, people: Everybody) -> None:
    therapist = people.norte.therapist
    first = note_amend(acting_user=therapist, note=signed, plan="Alta.")
    note_sign(acting_user=therapist, note=first)
    second = note_amend(acting_user=therapist, note=first, plan="Sem alta.")
    assert note_sign(acting_user=therapist, note=second).amends == first


def test_a_note_read_before_its_signature_is_not_written_after_it(
    draft: ClinicalNote, people: Everybody
) -> None:
    therapist = people.norte.therapist
    stale = ClinicalNote.objects.get(pk=draft.pk)
    note_sign(acting_user=therapist, note=draft)

    with pytest.raises(NoteSigned):
        note_revise(acting_user=therapist, note=stale, changes={"plan": "Alta."})

    stale.refresh_from_db()
    assert stale.plan == ""


def test_two_signatures_of_a_supervisor_are_one(waiting: ClinicalNote, people: Everybody) -> None:
    stale = ClinicalNote.objects.get(pk=waiting.pk)
    note_cosign(acting_user=people.norte.therapist, note=waiting)
    with pytest.raises(NoSignaturePending):
        note_cosign(acting_user=people.norte.therapist, note=stale)


def test_of_many_who_sign_at_once_one_does(
    fresh_clinic: FreshClinic, in_threads: InThreads
) -> None:
    people = fresh_clinic.people

    with clinic_scope(fresh_clinic.route):
        note = note_draft(
            acting_user=people.therapist, patient=people.record, kind="evolution", plan="Manter."
        )

    def sign() -> str:
        with clinic_scope(fresh_clinic.route):
            try:
                note_sign(acting_user=people.therapist, note=ClinicalNote.objects.get(pk=note.pk))
            except NoteSigned:
                return "late"
        return "signed"

    assert sorted(in_threads(6, sign)) == ["late"] * 5 + ["signed"]


def test_the_refusal_of_a_trigger_is_answered_like_a_constraints(signed: ClinicalNote) -> None:
    with pytest.raises(FieldConflict) as refused, refusals():
        ClinicalNote.objects.filter(pk=signed.pk).update(signed_at=timezone.now())
    assert (refused.value.field_code, refused.value.status) == ("note_signed", 409)
