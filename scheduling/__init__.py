"""The clinic's agenda."""
