"""A register as large as it is asked for: the demo's district, and more of it under streets of its own.

The district has about 473,000 persons. Whoever asks for more gets the district of other seeds beside it, grid by grid
until the number is reached, with other people, numbers and codes: its streets begin at 500 and 700.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from grid_kernel.identifiers import id_check_digit

FILES = ("dwellings", "households", "persons", "care", "visits")
_STREET = slice(6, 9)
_FIRST_STREETS = {2: 500, 3: 700}

Row = dict[str, Any]


def generate(folder: Path, as_of: date, extent: list[str], seed: int = 1) -> str:
    """The demo of a day; the last line it prints says how fast it was made."""
    command = [sys.executable, "-m", "grid_deploy.demo", "--seed", str(seed)]
    command += ["--as-of", as_of.isoformat(), "--out", str(folder), *extent]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]


def grow(folder: Path, persons: int, as_of: date) -> None:
    """Put districts beside the one in a folder until it has that many persons, or a grid more."""
    missing = persons - sum(1 for _ in _lines(folder / "population" / "persons.ndjson"))
    for seed, street in _FIRST_STREETS.items():
        if missing <= 0:
            return
        with TemporaryDirectory() as other:
            generate(Path(other), as_of, ["--district"], seed)
            missing -= _add(folder / "population", Path(other) / "population", missing, seed, street)


def _add(folder: Path, other: Path, wanted: int, seed: int, street: int) -> int:
    """Append whole grids of another district; how many persons they have."""
    grids, persons = _first_grids(other / "persons.ndjson", wanted)
    homes: set[str] = set()
    for name in FILES:
        with (folder / f"{name}.ndjson").open("ab") as out:
            for line in _lines(other / f"{name}.ndjson"):
                row = orjson.loads(line)
                if not (row["area_code"] in grids if "area_code" in row else row["household_id"] in homes):
                    continue
                if name == "households":
                    homes.add(row["id"])
                out.write(orjson.dumps(_elsewhere(row, seed, street), option=orjson.OPT_APPEND_NEWLINE))
    return persons


def _first_grids(path: Path, wanted: int) -> tuple[set[str], int]:
    grids: set[str] = set()
    for number, line in enumerate(_lines(path)):
        area = orjson.loads(line)["area_code"]
        if number >= wanted and area not in grids:
            return grids, number
        grids.add(area)
    return grids, number + 1


def _elsewhere(row: Row, seed: int, street: int) -> Row:
    """A row with the codes of its new place and an identity number of another unassigned prefix."""
    for code in ("area_code", "house_code"):
        if code in row:
            moved = street + int(row[code][_STREET])
            row[code] = f"{row[code][: _STREET.start]}{moved:03}{row[code][_STREET.stop :]}"
    if "id_number" in row:
        first_17 = f"{150300 - seed}{row['id_number'][6:17]}"
        row["id_number"] = first_17 + id_check_digit(first_17)
    return row


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as lines:
        yield from lines
