"""The rules of every file, so that no review has to repeat them."""

import ast
import importlib
import inspect
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from audit.capture.classification import is_history
from core.constraints import FieldConflict, rule_of
from core.errors import Conflict, FisioFlowError
from tenants.clinic_model import ClinicQuerySet
from tenants.router import is_clinical, is_shared
from tests.own_apps import own_apps

pytestmark = pytest.mark.without_database
ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 300  # lines
# From the top: an app may refer only to the ones below it.
LAYERS = [app.label for app in own_apps()]
OWN_MODELS = [model for app in own_apps() for model in app.get_models()]

# Models of a clinic's schema whose querysets aren't stamped, each with the reason.
NOT_STAMPED = {
    "sessions.Session": "Django's; a key is random and looked up once, in its own request",
    "admin.LogEntry": "Django's; written and shown by the admin, inside one request",
    "contenttypes.ContentType": "Django's; the same rows in every schema",
    "auth.Permission": "Django's; the same rows in every schema, and no right comes from them",
    "auth.Group": "Django's; not used: roles decide",
    "auth.Group_permissions": "as above",
    "accounts.User_groups": "as above",
    "accounts.User_user_permissions": "as above",
}
# The only code of ours that a migration may import: what the definition of a field names.
IN_MIGRATIONS = ("audit.capture.fields", "core.ids", "patients.validators")
# Codes that two classes share on purpose.
SHARED_CODES = {"conflict": {Conflict, FieldConflict}}


def source_files() -> Iterator[Path]:
    for path in sorted(ROOT.glob("**/*.py")):
        parts = path.relative_to(ROOT).parts
        if not any(part.startswith(".") or part in {"migrations", "build"} for part in parts):
            yield path


def own_errors() -> list[type[FisioFlowError]]:
    """Every error class of the project, wherever it is defined."""
    for app in LAYERS:
        package = importlib.import_module(app)
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if not re.search(r"\.(migrations|wsgi|settings)", found.name):
                importlib.import_module(found.name)

    def below(error: type[FisioFlowError]) -> Iterator[type[FisioFlowError]]:
        yield error
        for subclass in error.__subclasses__():
            yield from below(subclass)

    found_errors = {
        error for error in below(FisioFlowError) if not error.__module__.startswith("test")
    }
    return sorted(found_errors, key=lambda error: error.__qualname__)


ERRORS = own_errors()


def test_no_file_is_longer_than_a_sitting() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in source_files()
    }

    too_long = {name: length for name, length in lengths.items() if length > LONGEST_FILE}

    assert not too_long, (
        f"Longer than {LONGEST_FILE} lines: {too_long}. Find the two things in it, and give each"
        " a file that is named for what it does."
    )


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__qualname__)
def test_every_error_tells_people_what_happened(error: type[FisioFlowError]) -> None:
    message = (error.__doc__ or "").split("\n\n")[0].strip()
    assert message.endswith("."), f"{error.__qualname__}: the docstring is the message, a sentence"
    assert "\n" not in message, f"{error.__qualname__}: the message is the docstring's first line"
    assert re.fullmatch(r"[a-z][a-z0-9_]*", error.code)
    assert 400 <= error.status <= 503

    made = error(**{name: dummy(hint) for name, hint in needed(error).items()})
    assert made.detail
    assert str(made)

    if error.status in {429, 503}:
        assert error.retry_after or error.code == "template_missing", (
            f"{error.__qualname__}: say in `retry_after` when trying again makes sense"
        )


def needed(error: type[FisioFlowError]) -> dict[str, Any]:
    hints = get_type_hints(error.__init__)
    parameters = inspect.signature(error).parameters.values()
    named = {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return {
        p.name: hints.get(p.name, str)
        for p in parameters
        if p.default is p.empty and p.kind in named
    }


def dummy(hint: Any) -> Any:
    """A value of the type."""
    return {str: "x", UUID: uuid4()}.get(hint, [])


def test_a_code_means_one_thing() -> None:
    declared = Counter(error.code for error in ERRORS if "code" in vars(error))
    twice = {
        code: {error for error in ERRORS if vars(error).get("code") == code}
        for code, times in declared.items()
        if times > 1
    }

    assert twice == SHARED_CODES, "Clients tell errors by their code: give each its own."


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_constraints_and_indexes_are_named_for_their_app_and_model(
    model: type[models.Model],
) -> None:
    prefix = f"{model._meta.app_label}_{model._meta.model_name}_"
    if is_history(model):  # Django allows an index 30 characters
        prefix = f"h_{model.instance_type._meta.model_name}_"  # type: ignore[attr-defined]
    for named in (*model._meta.constraints, *model._meta.indexes):
        assert named.name.startswith(prefix), f"{named.name}: begin the name with {prefix}"
        assert len(named.name) <= 63, f"{named.name}: PostgreSQL cuts names at 63 characters"


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_what_the_database_refuses_has_words_for_people(model: type[models.Model]) -> None:
    if not is_clinical(model._meta.app_label) or model._meta.label in INTERNAL:
        return
    for constraint in model._meta.constraints:
        assert rule_of(constraint.name) or constraint.name in INTERNAL, (
            f"{constraint.name} has no Rule: register one, with field, code and message"
        )


# Constraints that no form or request can violate.
INTERNAL = {
    "accounts.TokenFamily": "only accounts.sessions writes it",
    "audit.Event": "only audit.events writes it",
    "audit.Seal": "only audit.seals writes it",
    "audit.SealedTable": "only audit.seals writes it",
    "accounts_user_superuser_is_platform": "no form shows is_superuser",
}


def clinic_models() -> list[type[models.Model]]:
    found = apps.get_models(include_auto_created=True)
    return [model for model in found if is_clinical(model._meta.app_label)]


@pytest.mark.parametrize("model", clinic_models(), ids=lambda model: model._meta.label)
def test_querysets_of_a_clinics_models_keep_to_their_clinic(model: type[models.Model]) -> None:
    managers: list[Any] = list(model._meta.managers)
    stamped = all(issubclass(manager._queryset_class, ClinicQuerySet) for manager in managers)
    label = model._meta.label

    assert stamped or label in NOT_STAMPED, (
        f"{label}: make its manager from a ClinicQuerySet (tenants.clinic_model), so that a"
        " queryset of one clinic is refused in another. Or list it here with the reason."
    )
    assert not (stamped and label in NOT_STAMPED), f"{label} is stamped: take it off the list"


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda model: model._meta.label)
def test_foreign_keys_point_down_the_layers(model: type[models.Model]) -> None:
    app = model._meta.app_label
    for field in model._meta.get_fields():
        target: Any = getattr(field, "related_model", None)
        if not (field.concrete and field.is_relation and target):
            continue

        other = target._meta.app_label
        assert other not in LAYERS or LAYERS.index(other) >= LAYERS.index(app), (
            f"{model._meta.label}.{field.name} points up, to {target._meta.label}"
        )

        same_database = (is_clinical(app) and is_clinical(other)) or (
            is_shared(app) and is_shared(other)
        )
        assert same_database, f"{model._meta.label}.{field.name} points into another database"


def own_migrations() -> list[Migration]:
    on_disk = MigrationLoader(None).disk_migrations or {}
    return [migration for (app, _), migration in sorted(on_disk.items()) if app in LAYERS]


def test_no_apps_models_or_migrations_escape() -> None:
    with_tables = {path.parent.parent.name for path in ROOT.glob("*/migrations/__init__.py")}

    assert with_tables <= set(LAYERS)
    assert {model._meta.app_label for model in OWN_MODELS} == with_tables
    assert {migration.app_label for migration in own_migrations()} == with_tables


@pytest.mark.parametrize("migration", own_migrations(), ids=str)
def test_a_migration_is_whole_and_stands_alone(migration: Migration) -> None:
    assert migration.atomic, f"{migration}: a clinic's schema is migrated wholly or not at all"
    file = inspect.getsourcefile(type(migration))
    assert file is not None
    own = {name for name in imported_names(Path(file)) if name.split(".")[0] in set(LAYERS)}
    forbidden = {name for name in own if not name.startswith(IN_MIGRATIONS)}

    assert not forbidden, (
        f"{migration} imports {sorted(forbidden)}. Code changes, a migration doesn't:"
        " write into it what it needs."
    )


def imported_names(file: Path) -> Iterator[str]:
    """What the file imports, dotted, with the module it comes from."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
