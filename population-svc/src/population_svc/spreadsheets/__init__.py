"""Tables people keep in CSV and Excel: read and written in constant memory, never as plain text on a disk."""

from population_svc.spreadsheets.reading import LIMITS, Limits, TableReader, UnreadableTable, open_table
from population_svc.spreadsheets.writing import Choice, csv_chunks, safe_cell, xlsx_chunks

__all__ = [
    "LIMITS",
    "Choice",
    "Limits",
    "TableReader",
    "UnreadableTable",
    "csv_chunks",
    "open_table",
    "safe_cell",
    "xlsx_chunks",
]
