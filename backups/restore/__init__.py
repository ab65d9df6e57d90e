"""Restoring: a schema is built aside from a chain of backups, proven, and given its place.

Start reading at `in_place.clinic_restore`. A drill does the same up to the proof.
"""
