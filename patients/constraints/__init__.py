"""The rules of this app that the database holds: their names, meanings and SQL."""

from patients.constraints import consents, documents, notes, patients

RULES = patients.RULES | consents.RULES | notes.RULES | documents.RULES

__all__ = ["RULES"]
