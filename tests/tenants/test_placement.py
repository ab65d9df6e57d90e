"""Where new clinics go."""

from collections import Counter

import pytest

from core.ids import uuid7
from tenants.errors import NoOpenShard
from tenants.placement import place

pytestmark = pytest.mark.without_database


def test_clinics_spread_by_weight() -> None:
    counts = Counter(place(uuid7(), {"shard_1": 100, "shard_2": 300}) for _ in range(4000))
    assert 0.70 < counts["shard_2"] / 4000 < 0.80


def test_a_new_shard_takes_clinics_and_moves_none_between_the_others() -> None:
    before = {"shard_1": 100, "shard_2": 100}
    clinics = [uuid7() for _ in range(1000)]
    moved = [c for c in clinics if place(c, before) != place(c, before | {"shard_3": 100})]
    assert {place(c, before | {"shard_3": 100}) for c in moved} == {"shard_3"}
    assert 250 < len(moved) < 420


def test_the_choice_depends_only_on_the_clinic() -> None:
    clinic = uuid7()
    assert place(clinic, {"shard_1": 1, "shard_2": 1}) == place(
        clinic, {"shard_2": 1, "shard_1": 1}
    )


def test_without_an_open_shard_there_is_no_place() -> None:
    with pytest.raises(NoOpenShard):
        place(uuid7(), {})
