"""Import of patients from files."""

from patients.imports.csv_file import LineProblem, UnreadableFile
from patients.imports.patients import COLUMNS, ImportRaced, ImportSummary, patients_import

__all__ = [
    "COLUMNS",
    "ImportRaced",
    "ImportSummary",
    "LineProblem",
    "UnreadableFile",
    "patients_import",
]
