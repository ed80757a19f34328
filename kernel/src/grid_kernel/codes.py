"""Code tables: CSV files of the one service that owns them, with a version made of their content."""

import csv
import hashlib
from functools import cache
from importlib.resources import files

from grid_kernel.schemas import Schema


class CodeTable(Schema):
    """The rows of a code table; codes are text, leading zeros count."""

    name: str
    version: str
    rows: list[dict[str, str]]


@cache
def read_table(package: str, name: str) -> CodeTable:
    """Read `data/<name>.csv` of a package; its first column is the code."""
    raw = (files(package) / "data" / f"{name}.csv").read_bytes()
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    return CodeTable(name=name, version=hashlib.sha256(raw).hexdigest()[:12], rows=rows)


@cache
def codes(package: str, name: str) -> frozenset[str]:
    """The codes of a table."""
    return frozenset(next(iter(row.values())) for row in read_table(package, name).rows)
