"""Many objects in one body: each is judged like a single object, and named by its index."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from drf_spectacular.utils import inline_serializer
from rest_framework import exceptions, serializers

from core.api.errors import errors_of
from core.api.serializers import RelatedField
from core.errors import FieldError, FisioFlowError

MAX_ITEMS = 1000
MAX_BODY = 8 * 1024 * 1024  # bytes: 1,000 items with every text at full length


class NotABatch(FieldError):
    """Give a JSON array of 1 to 1,000 objects."""

    def __init__(self) -> None:
        super().__init__("", "not_a_batch", _("Give a JSON array of 1 to 1,000 objects."))


class InvalidBatch(FisioFlowError):
    """Some items are not valid. Nothing was written."""

    code = "invalid_batch"
    status = 400

    def __init__(self, rejected: "list[Item]") -> None:
        super().__init__(items=len(rejected))

        self.errors = [
            {
                "field": (item.index, *filter(None, error["field"].split("."))),
                "code": error["code"],
                "detail": error["message"],
            }
            for item in rejected
            for error in item.errors
        ]


@dataclass(slots=True)
class Item:
    """One object of a batch: the unsaved instance, or the errors found in it."""

    index: int
    instance: Any = None
    errors: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, name: str, code: str, message: str) -> None:
        """Add an error; an item is valid while it has none."""
        self.errors.append({"field": name, "code": code, "message": message})


def judge(serializer: Any, body: Any, draft: Callable[..., models.Model]) -> list[Item]:
    """Validate every item with the serializer and with `draft(**values)`, which makes its instance.

    Reads the related objects once for the whole batch. Writes nothing. Raises NotABatch.
    """
    if not isinstance(body, list) or not 1 <= len(body) <= MAX_ITEMS:
        raise NotABatch

    objects = [item for item in body if isinstance(item, dict)]
    for name, related in serializer.fields.items():
        if isinstance(related, RelatedField) and not related.read_only:
            related.read_all(item.get(name) for item in objects)

    return [_judge_one(serializer, draft, index, item) for index, item in enumerate(body)]


def verdict(serializer: Any, items: Iterable[Item]) -> dict[str, Any]:
    """The answer: counts, the valid items as they would be stored, the errors by index."""
    judged = list(items)
    rejected = [item for item in judged if item.errors]

    return {
        "valid_count": len(judged) - len(rejected),
        "invalid_count": len(rejected),
        "valid_data": [_stored(serializer, i.instance) for i in judged if not i.errors],
        "errors": [{"index": item.index, "errors": item.errors} for item in rejected],
    }


def refuse_invalid(items: Iterable[Item]) -> None:
    """Raise InvalidBatch, with every error, unless all items are valid."""
    rejected = [item for item in items if item.errors]
    if rejected:
        raise InvalidBatch(rejected)


def _judge_one(
    serializer: Any,
    draft: Callable[..., models.Model],
    index: int,
    data: Any,
) -> Item:
    item = Item(index)
    try:
        item.instance = draft(**serializer.run_validation(data))
    except (exceptions.ValidationError, ValidationError, FieldError) as error:
        for path, code, detail in errors_of(error):
            item.refuse(".".join(map(str, path)), code, detail)
    return item


def _stored(serializer: Any, instance: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for writable in serializer._writable_fields:
        value = writable.get_attribute(instance)
        missing = value is None or getattr(value, "pk", value) is None
        shown[writable.field_name] = None if missing else writable.to_representation(value)

    return shown


def batch_of(items: dict[str, str]) -> dict[str, Any]:
    """The OpenAPI request body of a batch: an array of `items`."""
    schema = {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": items}
    return {"application/json": schema}


# The body of `validate`, which answers with a verdict whatever the items are.
ANY_ITEMS = batch_of(
    {"description": "What POST takes for one object; anything else is judged, too."}
)


class ItemErrorSerializer(serializers.Serializer[Any]):
    """One error of one item."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class RejectedItemSerializer(serializers.Serializer[Any]):
    """The errors of an invalid item, by its place in the array."""

    index = serializers.IntegerField(min_value=0)
    errors: Any = ItemErrorSerializer(many=True)


def verdict_serializer(name: str) -> Any:
    """A serializer that describes what `verdict` returns; `name` names its OpenAPI component."""
    return inline_serializer(
        name,
        {
            "valid_count": serializers.IntegerField(min_value=0),
            "invalid_count": serializers.IntegerField(min_value=0),
            "valid_data": serializers.ListField(child=serializers.DictField()),
            "errors": RejectedItemSerializer(many=True),
        },
    )
