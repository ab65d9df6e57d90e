"""`verify_audit` and `seal_audit`, as an operator runs them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants.context import ClinicRoute
from tests.audit.tampering import CONTENT, HISTORY, MIDDLE, tamper, verified
from tests.people import FreshClinic


def command(*arguments: str) -> tuple[str, bool]:
    """What `verify_audit` prints, and whether it ends well."""
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except CommandError:
        return out.getvalue(), False
    return out.getvalue(), True


def test_the_command_says_that_all_is_well(chart: FreshClinic) -> None:
    head = verified(chart.route).head
    text, proven = command(chart.route.schema, "--head", head)
    assert proven
    assert f"1/1 {chart.route.schema}: ok" in text
    assert head in text


def test_the_command_names_rows_and_never_their_content(chart: FreshClinic) -> None:
    tamper(chart.route, f"UPDATE {HISTORY} SET medical_history = '{CONTENT} 3'")
    text, proven = command(chart.route.schema)
    assert not proven
    assert f"{HISTORY}, record {chart.people.record.pk}, row" in text
    assert "was changed after it was sealed" in text
    assert CONTENT not in text
    assert chart.people.record.name not in text


def test_the_command_speaks_json(chart: FreshClinic) -> None:
    tamper(chart.route, f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")
    text, proven = command(chart.route.schema, "--json")
    [report] = json.loads(text)

    assert not proven
    assert (report["clinic"], report["ok"], report["seals"]) == (chart.route.schema, False, 2)

    [finding] = report["findings"]
    assert finding["problem"] == "row_removed"
    assert finding["record"] == str(chart.people.record.pk)


def test_the_command_verifies_all_trails_when_none_is_named(fresh_clinic: FreshClinic) -> None:
    text, proven = command()
    assert proven
    for place in ("norte", "sul", fresh_clinic.route.schema, "public"):
        assert f" {place}: ok" in text


def test_a_closed_clinic_is_proven_as_well(chart: FreshClinic) -> None:
    call_command("close_clinic", chart.route.schema, stdout=StringIO())
    assert command(chart.route.schema)[1]
    tamper(chart.route, f"DELETE FROM {HISTORY} WHERE history_id = {MIDDLE}")
    assert not command(chart.route.schema)[1]


def test_a_head_needs_its_clinic_and_a_clinic_must_exist(fresh_clinic: FreshClinic) -> None:
    with pytest.raises(CommandError, match="name that clinic"):
        call_command("verify_audit", "--head", "ab" * 32)
    with pytest.raises(CommandError):
        call_command("verify_audit", "nenhures")


def test_sealing_by_hand(fresh_clinic: FreshClinic) -> None:
    out = StringIO()
    schema = fresh_clinic.route.schema

    call_command("seal_audit", schema, stdout=out)
    assert verified(fresh_clinic.route).head in out.getvalue()

    call_command("seal_audit", schema, stdout=out)
    assert f"{schema}: nothing new" in out.getvalue()


@pytest.mark.parametrize("arguments", [[], ["nenhures"], ["norte", "--all"]])
def test_sealing_by_hand_needs_clinics_that_exist_or_all(
    arguments: list[str], norte: ClinicRoute
) -> None:
    with pytest.raises(CommandError):
        call_command("seal_audit", *arguments)
