"""Every text that people read has a translation, and the .mo file is the .po file compiled.

What to do when one fails: put the text into locale/pt_BR/LC_MESSAGES/django.po, then run
`make translations`.
"""

import ast
import gettext
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeGuard

import django
import django_celery_beat
import pytest
import simple_history
import unfold
from babel.messages.pofile import read_po
from django.utils import translation

from accounts.models import Role
from core.errors import FieldError, FisioFlowError
from patients.errors import TherapistInactive
from tests.own_apps import own_apps

pytestmark = pytest.mark.without_database

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
APPS = [app.name for app in own_apps() if app.name != "demo"]  # the demo speaks to developers
UNTRANSLATED = {"migrations"}
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
IN_TEMPLATE = re.compile(r"""(?:\{%\s*trans(?:late)?\s+|_\()(?:"([^"]*)"|'([^']*)')""")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{[^}]*\}")


def sources(package: Path, suffix: str) -> Iterator[Path]:
    for path in sorted(package.rglob(f"*{suffix}")):
        if not UNTRANSLATED & set(path.relative_to(package).parts):
            yield path


def texts_of(package: Path) -> set[str]:
    """The arguments of gettext calls, and of translate tags."""
    found = set()
    for path in sources(package, ".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", "")
                text = getattr(node.args[0], "value", None)
                if name in CALLS and isinstance(text, str):
                    found.add(text)

    return found | texts_of_pages(package)


def texts_of_pages(folder: Path) -> set[str]:
    """The arguments of translate tags."""
    pages = [path.read_text(encoding="utf-8") for path in sources(folder, ".html")]
    return {one or two for page in pages for one, two in IN_TEMPLATE.findall(page)}


def errors() -> list[type[FisioFlowError]]:
    """Every error that people read; the others are a 500 and a line in the log."""
    for app in APPS:
        for path in sources(ROOT / app, ".py"):
            if "FisioFlowError" in path.read_text(encoding="utf-8"):
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))

    found, waiting = [], [FisioFlowError]
    while waiting:
        waiting += (children := waiting.pop().__subclasses__())
        found += children
    return [e for e in found if e.__module__.split(".")[0] in APPS]


def texts_of_errors() -> set[str]:
    """Their docstrings' first paragraphs, and the sentences that their constructors are given."""
    shown = [error for error in errors() if error.status < 500 or error.retry_after]
    found = {(error.__doc__ or "").split("\n\n")[0] for error in shown}
    names = {error.__name__ for error in shown} | {"__init__"}

    for app in APPS:
        for path in sources(ROOT / app, ".py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                    texts = [getattr(argument, "value", None) for argument in node.args]
                    found |= {text for text in texts if name in names and _is_sentence(text)}

    return found


def _is_sentence(text: object) -> TypeGuard[str]:
    return isinstance(text, str) and " " in text


@pytest.fixture(scope="module")
def portuguese() -> dict[str, str]:
    """The translations by message, without the header."""
    with PO.open("rb") as file:
        messages = read_po(file, abort_invalid=True)
    assert not [message.id for message in messages if message.fuzzy], "Translate these for good"
    return {str(message.id): str(message.string) for message in messages if message.id}


def test_every_text_of_ours_has_a_translation(portuguese: dict[str, str]) -> None:
    ours = set().union(*(texts_of(ROOT / app) for app in APPS)) | texts_of_errors()
    missing = sorted(text for text in ours if not portuguese.get(text))
    assert not missing, f"Put these into {PO.relative_to(ROOT)}"


def test_the_admins_pages_are_in_portuguese(portuguese: dict[str, str]) -> None:
    """django-unfold ships no translations; Django translates its own texts."""
    known = set(portuguese)
    for app in ("conf", "contrib/admin", "contrib/auth"):
        path = Path(django.__file__).parent / app / "locale"
        known |= read_compiled(path / "pt_BR" / "LC_MESSAGES" / "django.mo").keys()
    templates = Path(unfold.__file__).parent / "templates"
    said = set().union(
        *(texts_of_pages(templates / f) for f in ("admin", "registration", "unfold"))
    )
    assert len(said) > 50

    said -= texts_of_pages(templates / "admin" / "auth")  # pages that aren't ours to show
    assert not sorted(said - known), "Texts of django-unfold's pages"


def test_every_translation_has_a_text_that_somebody_reads(portuguese: dict[str, str]) -> None:
    said = set().union(*(texts_of(ROOT / app) for app in APPS)) | texts_of_errors()
    for package in (unfold, simple_history, django_celery_beat):
        said |= texts_of(Path(package.__file__ or "").parent)
    assert not sorted(portuguese.keys() - said), "Take these out of the .po"


def test_translations_keep_the_placeholders(portuguese: dict[str, str]) -> None:
    for text, translated in portuguese.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(translated)), text
        assert text.endswith(" ") == translated.endswith(" "), text


def read_compiled(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        found: dict[str, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return found


def test_the_compiled_translations_are_the_written_ones(portuguese: dict[str, str]) -> None:
    compiled = {text: said for text, said in read_compiled(PO.with_suffix(".mo")).items() if text}
    assert compiled == portuguese, "Run: make translations"


def test_people_read_portuguese_and_others_english() -> None:
    for language, role, refusal in (
        ("pt-br", "Fisioterapeuta", "Este fisioterapeuta não trabalha mais aqui."),
        ("en", "Therapist", "This therapist no longer works here."),
    ):
        with translation.override(language):
            assert str(Role.THERAPIST.label) == role
            assert TherapistInactive().detail == refusal


def test_every_error_has_a_text_of_one_line() -> None:
    assert FieldError in errors()
    for error in errors():
        first = (error.__doc__ or "").split("\n\n")[0]
        assert first, error
        assert "\n" not in first, error
