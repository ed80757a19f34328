"""Who lives together: kinds of households, and how often each so that the ages come out as modelled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from grid_deploy.demo.identity import FEMALE, MALE
from grid_deploy.demo.randomness import Random, stream

# Five-year shares 0-4 ... 90-94, 95+, per cent: broad groups of Baotou 2022 are real, the shape inside is modelled.
AGE_SHARES = (
    3.8697, 4.4839, 4.2364, 5.4411, 5.6103, 6.8763, 9.2944, 7.4123, 6.9594, 8.551,
    9.0705, 7.5912, 5.4935, 5.866, 3.9305, 2.4761, 1.6153, 0.8584, 0.2893, 0.0745,
)  # fmt: skip
SIZE_SHARES = {1: 0.21, 2: 0.33, 3: 0.27, 4: 0.13, 5: 0.045, 6: 0.015}  # mean 2.5 persons
OLDEST = 99
_BAND = 5
_ROUNDS = 400
_SAMPLES = 48
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household before it has a name; `kin` is the code of GB/T 4761 relative to the head."""

    kin: str
    age: int
    sex: str
    line: str  # whose surname: head, spouse, own, or young (the young father of three generations)


class Draw:
    """Uniform draws, in batches because single ones are slow."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: list[float] = []

    def unit(self) -> float:
        """Between 0 and 1."""
        if not self._left:
            self._left = self._random.random(2048).tolist()
        return self._left.pop()

    def between(self, lowest: int, highest: int) -> int:
        """A whole number, both ends possible."""
        return lowest + int(self.unit() * (highest - lowest + 1))

    def chance(self, share: float) -> bool:
        """True for that share of draws."""
        return self.unit() < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[int(self.unit() * len(choices))]


def single(draw: Draw, age: int) -> list[Member]:
    """One person alone; old ones are women more often."""
    women = 0.33 + max(0, age - 50) * 0.007
    return [Member("02", age, FEMALE if draw.chance(women) else MALE, "head")]


def couple(draw: Draw, age: int) -> list[Member]:
    """Husband and wife, the husband from three years younger to six years older."""
    apart = round(sum(draw.unit() for _ in range(4)) * 2.25 - 3.0)
    man_heads = draw.chance(0.7)
    other = min(OLDEST, max(22, age - apart if man_heads else age + apart))
    head = Member("02", age, MALE if man_heads else FEMALE, "head")
    return [head, Member("12" if man_heads else "11", other, FEMALE if man_heads else MALE, "spouse")]


def single_parent(draw: Draw, age: int) -> list[Member]:
    """A parent, mostly the mother, and one child."""
    head = Member("02", age, FEMALE if draw.chance(0.62) else MALE, "head")
    return [head, *_children(draw, age, 1, "own" if head.sex == FEMALE else "head")]


def couple_with_child(draw: Draw, age: int) -> list[Member]:
    """A couple and one child."""
    pair = couple(draw, age)
    return [*pair, *_children(draw, _mother(pair), 1, _father_line(pair))]


def couple_with_children(draw: Draw, age: int) -> list[Member]:
    """A couple and two children."""
    pair = couple(draw, age)
    return [*pair, *_children(draw, _mother(pair), 2, _father_line(pair))]


def couple_with_parent(draw: Draw, age: int) -> list[Member]:
    """A couple and one old parent."""
    pair = couple(draw, age)
    return [*pair, *_parents(draw, pair, 1)]


def three_generations(draw: Draw, age: int) -> list[Member]:
    """A couple, a child, an old parent."""
    family = couple_with_child(draw, age)
    return [*family, *_parents(draw, family[:2], 1)]


def child_and_both_parents(draw: Draw, age: int) -> list[Member]:
    """A couple, a child, both parents of one of them."""
    family = couple_with_child(draw, age)
    return [*family, *_parents(draw, family[:2], 2)]


def children_and_both_parents(draw: Draw, age: int) -> list[Member]:
    """A couple, two children, both parents of one of them."""
    family = couple_with_children(draw, age)
    return [*family, *_parents(draw, family[:2], 2)]


def grandparents(draw: Draw, age: int) -> list[Member]:
    """A couple that brings up a grandchild."""
    pair = couple(draw, age)
    youngest = max(0, _mother(pair) - draw.between(46, 62))
    sex = MALE if draw.chance(0.515) else FEMALE
    by_son = draw.chance(0.6)
    kin = {(True, MALE): "41", (True, FEMALE): "42", (False, MALE): "43", (False, FEMALE): "44"}[(by_son, sex)]
    return [*pair, Member(kin, youngest, sex, _father_line(pair) if by_son else "own")]


def old_heads(draw: Draw, age: int) -> list[Member]:
    """A couple, their married child with spouse, a grandchild."""
    pair = couple(draw, age)
    line = _father_line(pair)
    son = draw.chance(0.75)
    adult = max(24, _mother(pair) - draw.between(22, 30))
    wife = max(22, adult - draw.between(0, 3)) if son else adult
    in_law = wife if son else adult + draw.between(0, 4)
    infant = max(0, wife - draw.between(22, 32))
    boy = draw.chance(0.515)
    kin = ("41" if boy else "42") if son else ("43" if boy else "44")
    return [
        *pair,
        Member("21" if son else "31", adult, MALE if son else FEMALE, line),
        Member("38" if son else "28", in_law, FEMALE if son else MALE, "own" if son else "young"),
        Member(kin, infant, MALE if boy else FEMALE, line if son else "young"),
    ]


def _mother(pair: list[Member]) -> int:
    return next(member.age for member in pair if member.sex == FEMALE)


def _father_line(pair: list[Member]) -> str:
    return "head" if pair[0].sex == MALE else "spouse"


def _children(draw: Draw, mother: int, count: int, line: str) -> list[Member]:
    """Children 22 to 36 years younger than the mother; a second one follows within five years."""
    apart = draw.between(22, min(36 - 3 * (count - 1), max(22, mother)))
    ages = [max(0, mother - apart)]
    if count > 1:
        ages.append(max(0, mother - min(36, apart + draw.between(1, 5))))
    sexes = [MALE if draw.chance(0.515) else FEMALE for _ in ages]
    codes = {MALE: ["22", "23"], FEMALE: ["32", "33"]}
    if count == 1:
        codes = {MALE: ["21"], FEMALE: ["31"]}
    return [Member(codes[sex].pop(0), age, sex, line) for age, sex in zip(ages, sexes, strict=True)]


def _parents(draw: Draw, pair: list[Member], count: int) -> list[Member]:
    """Parents of the head, or of the spouse; one alone is mostly the mother."""
    head, spouse = pair
    of_head = draw.chance(0.65)
    child = head if of_head else spouse
    mother = min(OLDEST, child.age + draw.between(22, 36))
    father = min(OLDEST, mother + draw.between(-2, 5))
    codes = ("51", "52") if of_head else ("55", "56") if head.sex == MALE else ("53", "54")
    line = "head" if of_head else "spouse"
    both = [Member(codes[0], father, MALE, line), Member(codes[1], mother, FEMALE, "own")]
    return both if count > 1 else [both[1] if draw.chance(0.62) else both[0]]


@dataclass(frozen=True, slots=True)
class Make:
    """A kind of household: its size, the ages its head may have, how common it is before calibration."""

    size: int
    compose: Callable[[Draw, int], list[Member]]
    youngest: int
    oldest: int
    common: float


MAKES = (
    Make(1, single, 20, 95, 1.0),
    Make(2, couple, 24, 89, 1.0),
    Make(2, single_parent, 25, 70, 0.18),
    Make(3, couple_with_child, 25, 75, 1.0),
    Make(3, couple_with_parent, 35, 62, 0.08),
    Make(3, grandparents, 55, 75, 0.05),
    Make(4, couple_with_children, 30, 60, 1.0),
    Make(4, three_generations, 30, 60, 0.35),
    Make(5, child_and_both_parents, 30, 60, 1.0),
    Make(5, old_heads, 50, 75, 0.8),
    Make(6, children_and_both_parents, 32, 58, 1.0),
)


@dataclass(frozen=True, slots=True)
class Mix:
    """Which make with a head of which five-year band, and how often."""

    makes: tuple[tuple[Make, int], ...]
    shares: npt.NDArray[np.float64]


@cache
def calibrated_mix() -> Mix:
    """Shares of makes and head ages whose members follow the age table, by multiplicative updates.

    The shares of household sizes are kept; only who is how old inside a size moves.
    """
    makes = tuple((make, low) for make in MAKES for low in range(make.youngest, make.oldest + 1, _BAND))
    sizes = np.array([make.size for make, _ in makes])
    target = np.array(AGE_SHARES) / sum(AGE_SHARES)
    columns = np.column_stack([_ages(make, low) for make, low in makes])
    shares = np.array([make.common for make, _ in makes])
    shares = _by_size(shares, sizes)
    mean = sum(size * share for size, share in SIZE_SHARES.items())
    for _ in range(_ROUNDS):
        reached = columns @ shares / mean
        shares = shares * (columns.T @ (target / np.maximum(reached, 1e-9)) / sizes)
        shares = _by_size(shares, sizes)
    return Mix(makes, shares)


def head_age(draw: Draw, make: Make, low: int) -> int:
    """An age within the five-year band of a make."""
    return draw.between(low, min(low + _BAND - 1, make.oldest))


def _ages(make: Make, low: int) -> npt.NDArray[np.float64]:
    """How many members of each five-year band such a household has on average."""
    draw = Draw(stream(0, "calibration", make.compose.__name__, low))
    counts = np.zeros(len(AGE_SHARES))
    for _ in range(_SAMPLES):
        for member in make.compose(draw, head_age(draw, make, low)):
            counts[min(member.age // _BAND, len(AGE_SHARES) - 1)] += 1
    return counts / _SAMPLES


def _by_size(shares: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    scaled = shares.copy()
    for size, share in SIZE_SHARES.items():
        same = sizes == size
        scaled[same] *= share / scaled[same].sum()
    return scaled
