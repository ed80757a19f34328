"""Rows of a CSV or .xlsx file, one after the other: encoding and separator found out, the sheet never held whole."""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

from population_svc.spreadsheets.sheet import SheetFault, sheet_names, sheet_rows

_SAMPLE = 1024 * 1024
_SEPARATORS = ",\t;"
Row = tuple[int, list[str]]
"""The number of a row as people see it in the file, and its cells as text."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most; more is refused in words."""

    rows: int = 1_000_000
    columns: int = 200
    cell: int = 2_000


LIMITS = Limits()


class UnreadableTable(Exception):  # noqa: N818 - named for what happened, as refusals are
    """The file is no table we can read; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class TableReader:
    """An opened table: what it is, and its rows."""

    format: Literal["csv", "xlsx"]
    encoding: str | None
    rows: Iterator[Row]
    sheets: list[str] = field(default_factory=list)
    sheet: str | None = None


def open_table(file: BinaryIO, limits: Limits = LIMITS, *, sheet: str | None = None) -> TableReader:
    """Open a table by what it is, not by what it is called; UnreadableTable when it is none.

    Of a workbook the sheet that is named, the first one unless said.
    """
    head = file.read(8)
    file.seek(0)
    if head.startswith(b"PK"):
        sheets = _named(file)
        name = sheet if sheet in sheets else sheets[0]
        return TableReader("xlsx", None, _bounded(_workbook(file, name), limits), sheets, name)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableTable("old-excel-file")
    encoding = _encoding_of(file.read(_SAMPLE))
    file.seek(0)
    return TableReader("csv", encoding, _bounded(_lines(file, encoding), limits))


def _named(file: BinaryIO) -> list[str]:
    with _readable():
        return sheet_names(file)


def _workbook(file: BinaryIO, name: str) -> Iterator[Row]:
    with _readable():
        yield from sheet_rows(file, name)


@contextmanager
def _readable() -> Iterator[None]:
    """Say of a workbook that cannot be read what is wrong with it."""
    try:
        yield
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError):
        raise UnreadableTable("damaged-file") from None
    except SheetFault as fault:
        raise UnreadableTable(fault.code) from None


def _encoding_of(sample: bytes) -> str:
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in sample:
        raise UnreadableTable("not-a-table")
    for encoding in ("utf-8", "gb18030"):
        try:
            codecs.getincrementaldecoder(encoding)("strict").decode(sample)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableTable("unknown-encoding")


def _lines(file: BinaryIO, encoding: str) -> Iterator[Row]:
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    first = text.readline()
    separator = max(_SEPARATORS, key=first.count)
    text.seek(0)
    try:
        yield from enumerate(csv.reader(text, delimiter=separator, strict=False), 1)
    except UnicodeDecodeError:
        raise UnreadableTable("unknown-encoding") from None
    except csv.Error:
        raise UnreadableTable("damaged-file") from None
    finally:
        text.detach()


def _bounded(rows: Iterator[Row], limits: Limits) -> Iterator[Row]:
    """Rows that say something, within the limits; cells stripped."""
    seen = 0
    for number, cells in rows:
        plain = [cell.strip() for cell in cells]
        while plain and not plain[-1]:
            plain.pop()
        if not plain:
            continue
        seen += 1
        if seen > limits.rows:
            raise UnreadableTable("too-many-rows")
        if len(plain) > limits.columns:
            raise UnreadableTable("too-many-columns")
        if any(len(cell) > limits.cell for cell in plain):
            raise UnreadableTable("cell-too-long")
        yield number, plain
