"""Settings come from the environment; a bad one stops the start and is named."""

from collections.abc import Callable
from pathlib import Path
from traceback import format_exception
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from core import env

pytestmark = pytest.mark.without_database


@pytest.fixture
def give(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """`give("text")` sets the variable THING; `give(None)` removes it."""

    def set_to(value: str | None) -> None:
        monkeypatch.delenv("THING_FILE", raising=False)
        if value is None:
            monkeypatch.delenv("THING", raising=False)
        else:
            monkeypatch.setenv("THING", value)

    set_to(None)
    return set_to


Give = Callable[[str | None], None]
READERS: dict[str, Callable[..., Any]] = {
    "text": lambda: env.env_text("THING"),
    "secret": lambda: env.env_secret("THING", min_length=10),
    "url": lambda: env.env_url("THING", ("redis",)),
    "database": lambda: env.env_database("THING"),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_value_is_named(reader: Callable[[], Any], value: str | None, give: Give) -> None:
    give(value)
    with pytest.raises(ImproperlyConfigured, match=r"THING is not set\. Set THING or THING_FILE\."):
        reader()


def test_a_default_replaces_a_missing_value() -> None:
    assert env.env_text("THING", "x") == "x"
    assert env.env_bool("THING", default=True) is True
    assert env.env_bool("THING", default=False) is False
    assert env.env_int("THING", default=5) == 5
    assert env.env_list("THING") == []
    assert env.env_list("THING", "a,b") == ["a", "b"]
    assert env.env_choice("THING", ("A", "B"), "B") == "B"
    assert env.env_url("THING", ("redis",), "redis://host") == "redis://host"


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        *(("1", True), ("true", True), ("YES", True), ("On", True)),
        *(("0", False), ("false", False), ("No", False), ("OFF", False), ("", False)),
    ],
)
def test_yes_and_no_are_read(value: str, meaning: bool, give: Give) -> None:
    give(value)
    assert env.env_bool("THING", default=not meaning) is meaning


@pytest.mark.parametrize("value", ["maybe", "2", "y", " "])
def test_what_is_neither_yes_nor_no_is_refused(value: str, give: Give) -> None:
    give(value)
    with pytest.raises(ImproperlyConfigured, match="THING must be true or false"):
        env.env_bool("THING", default=True)


@pytest.mark.parametrize("value", ["ten", "1.5", "", "1e3"])
def test_a_number_is_a_whole_number(value: str, give: Give) -> None:
    give(value)
    with pytest.raises(ImproperlyConfigured, match="THING must be a whole number"):
        env.env_int("THING", default=1)


def test_a_number_has_its_minimum(give: Give) -> None:
    give("3")
    assert env.env_int("THING", default=9, minimum=3) == 3
    with pytest.raises(ImproperlyConfigured, match="THING must be 4 or more"):
        env.env_int("THING", default=9, minimum=4)

    give("-1")
    with pytest.raises(ImproperlyConfigured, match="THING must be 0 or more"):
        env.env_int("THING", default=9)


def test_a_choice_ignores_letter_case(give: Give) -> None:
    give("warning")
    assert env.env_choice("THING", ("INFO", "WARNING"), "INFO") == "WARNING"
    give("loud")
    with pytest.raises(ImproperlyConfigured, match="THING must be one of INFO, WARNING"):
        env.env_choice("THING", ("INFO", "WARNING"), "INFO")


def test_a_list_is_separated_by_commas(give: Give) -> None:
    give(" a.example ,, b.example,")
    assert env.env_list("THING") == ["a.example", "b.example"]


def test_a_short_secret_is_refused_and_not_shown(give: Give) -> None:
    give("hunter2")
    with pytest.raises(ImproperlyConfigured, match="THING is too short: 10") as refused:
        env.env_secret("THING", min_length=10)
    assert "hunter2" not in str(refused.value)


def test_a_value_may_come_from_a_file(
    give: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thing").write_text("  from the file\n", encoding="utf-8")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "thing"))
    assert env.env_text("THING") == "from the file"

    monkeypatch.setenv("THING", "too")
    with pytest.raises(ImproperlyConfigured, match="Both THING and THING_FILE are set"):
        env.env_text("THING")


def test_a_file_that_cannot_be_read_stops_the_start(
    give: Give, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "binary"):
        monkeypatch.setenv("THING_FILE", str(path))
        with pytest.raises(ImproperlyConfigured, match="THING_FILE cannot be read"):
            env.env_text("THING", "a default doesn't hide it")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            "postgresql://ana:s%40cret@db.example:6432/clinics?sslmode=require",
            ("ana", "s@cret", "db.example", "6432", "clinics", {"sslmode": "require"}),
        ),
        (
            "postgres://fisioflow@/fisioflow?host=/run/postgresql&port=5433",
            ("fisioflow", "", "/run/postgresql", "5433", "fisioflow", {}),
        ),
        ("postgresql://db/x", ("", "", "db", "", "x", {})),
        ("postgresql://[::1]:5432/x", ("", "", "::1", "5432", "x", {})),
    ],
)
def test_a_database_is_a_libpq_url(value: str, expected: tuple[Any, ...], give: Give) -> None:
    give(value)
    read = env.env_database("THING")
    keys = ("USER", "PASSWORD", "HOST", "PORT", "NAME", "OPTIONS")
    assert tuple(read[key] for key in keys) == expected


@pytest.mark.parametrize(
    "value",
    [
        "mysql://db/x",
        "db.example/x",
        "postgresql://db",
        "postgresql:///x",
        "postgresql://db:port/x",
        "postgresql://ana:s3cret@[::1/x",
        "postgresql://db:99999/x",
    ],
)
def test_a_malformed_database_url_is_refused_and_not_shown(value: str, give: Give) -> None:
    give(value)
    with pytest.raises(ImproperlyConfigured, match="THING") as refused:
        env.env_database("THING")
    assert "s3cret" not in "".join(format_exception(refused.value))


def test_shards_are_counted_by_their_variables() -> None:
    environ = {
        "SHARD_2_URL": "x",
        "SHARD_10_URL_FILE": "x",
        "SHARD_1_URL": "x",
        "SHARD_X_URL": "x",
        "SHARD_3_URLS": "x",
        "MY_SHARD_4_URL": "x",
    }

    assert env.shard_numbers(environ) == [1, 2, 10]
    assert env.shard_numbers({}) == []
