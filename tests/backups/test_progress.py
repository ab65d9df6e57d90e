"""A terminal shows the progress of a command; other outputs get nothing of it."""

from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import call_command

from backups.management import terminal as terminals
from backups.management.terminal import terminal_progress, terminal_steps
from backups.stores import Store
from tests.people import FreshClinic

MB = 1024 * 1024


class Terminal(StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """Each line, before the next one replaced it."""
        return self.getvalue().split("\r\x1b[K")[1:]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal()
    # Not sys.stderr itself, which pytest replaces for each test.
    monkeypatch.setattr(terminals, "sys", SimpleNamespace(stderr=made))
    return made


@pytest.mark.without_database
def test_a_bar_grows_with_the_bytes(terminal: Terminal) -> None:
    show = terminal_progress("norte", lambda: 4 * MB)
    for written in (0, MB, MB + 1, 3 * MB, 5 * MB):
        show("patients_patient", written)

    assert terminal.lines == [
        "norte: [....................] 0 % patients_patient, 0 B",
        "norte: [#####...............] 25 % patients_patient, 1.0 MB",
        "norte: [###############.....] 75 % patients_patient, 3.1 MB",
        "norte: [####################] 100 % patients_patient, 5.2 MB",
    ]


@pytest.mark.without_database
def test_without_a_known_total_there_is_no_bar(terminal: Terminal) -> None:
    terminal_progress("norte")("patients_patient", 0)
    assert terminal.lines == ["norte: patients_patient, 0 B"]


@pytest.mark.without_database
def test_steps_have_a_bar(terminal: Terminal) -> None:
    terminal_steps("norte")("patients_patient", 3, 4)
    assert terminal.lines == ["norte: [###############.....] 75 % patients_patient"]


def test_commands_show_progress_and_clear_the_line(
    fresh_clinic: FreshClinic,
    configured: Store,
    terminal: Terminal,
    capsys: pytest.CaptureFixture[str],
) -> None:
    schema = fresh_clinic.route.schema

    for command in (
        ("backup", schema),
        ("drill", schema),
        ("restore", "latest", "--clinic", schema, "--noinput"),
    ):
        terminal.truncate(0)
        call_command(*command)

        assert any(line.startswith(f"{schema}: [") for line in terminal.lines), command
        assert terminal.lines[-1] == ""


def test_a_log_file_gets_no_progress(
    fresh_clinic: FreshClinic, configured: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("backup", fresh_clinic.route.schema)
    call_command("drill", fresh_clinic.route.schema)
    assert capsys.readouterr().err == ""
