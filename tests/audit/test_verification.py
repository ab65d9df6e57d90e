"""A superuser changes the trail: the proof names what they did."""

import pytest

from patients.models import Patient
from tenants.context import clinic_scope
from tests.audit.tampering import (
    CONTENT,
    HISTORY,
    MIDDLE,
    as_superuser,
    problems,
    seal,
    tamper,
    verified,
)
from tests.people import FreshClinic

COPIED = (
    "id, created_at, updated_at, name, email, phone, cpf, birth_date, medical_history, deleted_at,"
    " therapist_id, user_id, actor_label, user_agent, request_id, history_change_reason"
)
INSERT = f"INSERT INTO {HISTORY} ({COPIED}, history_type, history_id, history_date"
FIRST = f"{HISTORY} WHERE history_id = (SELECT min(history_id) FROM {HISTORY})"
# What was done, and the problem that names it.
ROWS = {
    "a version was changed": (
        f"UPDATE {HISTORY} SET medical_history = 'Nada.' WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "its author was changed": (
        f"UPDATE {HISTORY} SET actor_label = 'Outra' WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "its date was changed": (
        f"UPDATE {HISTORY} SET history_date = history_date - interval '1 day'"
        f" WHERE history_id = {MIDDLE}",
        "row_changed",
    ),
    "a version was removed": (
        f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}",
        "row_removed",
    ),
    "a version was put in, of an old transaction": (
        f"{INSERT}, xid) SELECT {COPIED}, '~', 0, history_date, xid FROM {FIRST}",
        "row_inserted",
    ),
    "a version was put in, of an old date": (
        f"{INSERT}) SELECT {COPIED}, '~', 0, history_date FROM {FIRST}",
        "row_inserted",
    ),
    "a version changed its number": (
        f"UPDATE {HISTORY} SET history_id = 0 WHERE history_id = {MIDDLE}",
        "row_removed",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), ROWS.values(), ids=ROWS.keys())
def test_a_version_that_was_tampered_with_is_named(
    statement: str, problem: str, chart: FreshClinic
) -> None:
    tamper(chart.route, statement)

    found = {finding.problem: finding for finding in verified(chart.route).findings}
    named = found[problem]
    assert (named.table, named.record) == (HISTORY, str(chart.people.record.pk))
    assert named.row is not None


def test_what_was_put_in_before_a_seal_is_found_after_it(chart: FreshClinic) -> None:
    tamper(chart.route, f"{INSERT}) SELECT {COPIED}, '~', 0, history_date FROM {FIRST}")
    seal(chart.route)
    found = [f for f in verified(chart.route).findings if f.problem == "row_inserted"]
    assert [(finding.row, finding.seal) for finding in found] == [(0, 3)]


PATIENTS = "UPDATE patients_patient SET"
LIVE = {
    "changed past the history": (f"{PATIENTS} medical_history = 'Nada.'", "live_differs"),
    "removed past the history": ("DELETE FROM patients_patient", "live_missing"),
    "its last version was removed": (
        f"DELETE FROM {HISTORY} WHERE history_id = (SELECT max(history_id) FROM {HISTORY})",
        "live_differs",
    ),
    "its history was removed": (f"DELETE FROM {HISTORY}", "live_unrecorded"),
    "its insertion was removed": (f"DELETE FROM {FIRST}", "live_uncounted"),
    "a password was changed past the history": (
        "UPDATE accounts_user SET password = 'x' WHERE role = 'owner'",
        "live_differs",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), LIVE.values(), ids=LIVE.keys())
def test_a_row_that_isnt_its_last_version_is_named(
    statement: str, problem: str, fresh_clinic: FreshClinic
) -> None:
    """Even without any seal."""
    with clinic_scope(fresh_clinic.route):
        Patient.objects.update(medical_history=CONTENT)
    tamper(fresh_clinic.route, statement)

    people = fresh_clinic.people
    of = people.owner if "accounts_user" in statement else people.record
    found = verified(fresh_clinic.route).findings
    assert [(finding.problem, finding.record) for finding in found] == [(problem, str(of.pk))]


SEALED = "audit_sealedtable WHERE seal_id = 2"
SEALS = {
    "a seal was changed": (
        "UPDATE audit_seal SET sealed_at = now() WHERE number = 1",
        "seal_changed",
    ),
    "what a seal saw was changed": (
        "UPDATE audit_seal SET snapshot = 'nothing' WHERE number = 1",
        "seal_changed",
    ),
    "a seal claims to follow a restore": (
        "UPDATE audit_seal SET goes_on = false WHERE number = 2",
        "seal_changed",
    ),
    "a seal was removed": ("DELETE FROM audit_seal WHERE number = 1", "chain_broken"),
    "a hash was changed": (
        "UPDATE audit_sealedtable SET hashes[1] = sha256('x') WHERE seal_id = 2",
        "row_changed",
    ),
    "the list of hashes was changed": (
        "UPDATE audit_sealedtable SET hashes = hashes || sha256('x') WHERE seal_id = 2",
        "seal_changed",
    ),
    "the hashes of a table were removed": (f"DELETE FROM {SEALED}", "seal_changed"),
    "a row was sealed twice": (
        "UPDATE audit_sealedtable b SET row_ids = a.row_ids FROM audit_sealedtable a"
        f" WHERE b.seal_id = 2 AND a.seal_id = 1 AND a.table_name = '{HISTORY}'",
        "row_doubled",
    ),
    "the table is another": (
        f"UPDATE audit_sealedtable SET table_name = 'none' WHERE table_name = '{HISTORY}'",
        "table_missing",
    ),
}


@pytest.mark.parametrize(("statement", "problem"), SEALS.values(), ids=SEALS.keys())
def test_a_seal_that_was_tampered_with_is_found(
    statement: str, problem: str, chart: FreshClinic
) -> None:
    tamper(chart.route, statement)
    assert problem in problems(chart.route)


def test_a_chain_that_was_made_anew_does_not_contain_the_head_that_was_kept(
    chart: FreshClinic,
) -> None:
    kept = verified(chart.route).head

    assert problems(chart.route, kept) == set()

    with as_superuser(chart.route) as cursor:
        cursor.execute("DELETE FROM audit_sealedtable")
        cursor.execute("DELETE FROM audit_seal")
        cursor.execute(f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")

    seal(chart.route)

    assert problems(chart.route) == set()
    assert problems(chart.route, kept) == {"head_unknown"}


def test_an_older_head_is_in_the_chain_as_well(chart: FreshClinic) -> None:
    kept = verified(chart.route).head
    with clinic_scope(chart.route):
        Patient.objects.update(medical_history="Depois.")
    seal(chart.route)
    assert problems(chart.route, kept) == set()
