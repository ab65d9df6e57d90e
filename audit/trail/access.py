"""Who reads the trail: values of accounts.models.Role, which stands above this app."""

READERS = frozenset({"owner", "auditor"})
