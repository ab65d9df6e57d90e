"""Backups of one clinic: sealed, signed, and readable with public tools alone."""
