"""What an anonymous body costs: its length, and never more."""

from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from core.api.parsers import _object

pytestmark = pytest.mark.without_database
NAMES = 5_000


class Name(str):
    """A name that counts how often names are compared."""

    compared = 0
    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("twice", [f"n{NAMES - 1}", "n0"])
def test_a_name_given_twice_is_found_in_one_pass(twice: str) -> None:
    Name.compared = 0
    pairs: list[tuple[str, Any]] = [(Name(f"n{number}"), number) for number in range(NAMES)]

    with pytest.raises(ValidationError) as refused:
        _object([*pairs, (Name(twice), 0)])

    assert refused.value.get_codes() == {twice: ["duplicate_field"]}
    assert Name.compared <= NAMES


def test_a_wide_object_costs_a_look_up_for_each_name() -> None:
    Name.compared = 0

    members = _object([(Name(f"n{number}"), number) for number in range(NAMES)])

    assert len(members) == NAMES
    assert Name.compared <= NAMES
