"""The audit trail: histories that the database writes itself, events without content, and proof."""
