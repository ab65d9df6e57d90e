"""Primary keys: UUIDv7 (RFC 9562), ordered by time, so that indexes grow at one end."""

from uuid import UUID

import uuid_utils.compat


def uuid7() -> UUID:
    """A new UUIDv7 as the standard library's UUID."""
    return uuid_utils.compat.uuid7()
