"""Histories that the database writes: fields, history models, triggers, grants, checks."""
