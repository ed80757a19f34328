"""Random streams and identifiers that depend on nothing but the seed and what they are for."""

import hashlib
from enum import IntEnum

import numpy as np

Random = np.random.Generator

_TIME = "019c2a6d-8c00"  # one fixed instant: the identifiers have the shape of version 7 and sort by kind, area, number
_NO_AREA = 0xFFFF


class Kind(IntEnum):
    """What an identifier names; part of it, so that no two kinds share one."""

    ACCOUNT = 1
    POST = 2
    BUILDING = 3
    DWELLING = 4
    HOUSEHOLD = 5
    PERSON = 6
    VISIT = 7
    APPLICATION = 8
    CASE = 9


def stream(seed: int, *purpose: object) -> Random:
    """A generator of its own for one purpose, whatever else was drawn before."""
    text = ":".join(str(part) for part in (seed, *purpose))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def identifier(kind: Kind, seed: int, sequence: int, area: int = _NO_AREA) -> str:
    """The identifier of row `sequence` of a kind; `area` is the number of its grid, if it has one."""
    return f"{_TIME}-7{kind:03x}-{0x8000 | (seed & 0x3FFF):04x}-{area:04x}{sequence:08x}"
