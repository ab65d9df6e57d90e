"""Where a new clinic goes: weighted rendezvous hashing over the open shards. Pure.

Source: Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous" (1996), with the
logarithmic weights of Schindelhauer and Schomaker (2005).
"""

import hashlib
import math
from collections.abc import Mapping
from uuid import UUID

from tenants.errors import NoOpenShard


def place(clinic_id: UUID, weights: Mapping[str, int]) -> str:
    """The alias with the highest score for this clinic; `weights` maps open shards to weights >= 1.

    When a shard joins, only the clinics for which it scores highest are placed differently.
    Raises NoOpenShard when `weights` is empty.
    """
    if not weights:
        raise NoOpenShard
    return max(sorted(weights), key=lambda alias: _score(clinic_id, alias, weights[alias]))


def _score(clinic_id: UUID, alias: str, weight: int) -> float:
    digest = hashlib.sha256(f"{alias}:{clinic_id}".encode()).digest()
    uniform = (int.from_bytes(digest[:7], "big") + 0.5) / 2**56  # strictly between 0 and 1
    return -weight / math.log(uniform)
