"""Numbers that cannot be anybody's: identity numbers of the unassigned prefix 150299, telephones that begin with 12."""

from datetime import date

from faker.providers.person.zh_CN import Provider

from grid_deploy.demo.randomness import Random

PREFIX = "150299"
MALE, FEMALE = "1", "2"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
_CHECKS = "10X98765432"
_PREFIX_SUM = sum(int(digit) * weight for digit, weight in zip(PREFIX, _WEIGHTS, strict=False))
_PER_DAY_AND_SEX, _STRIDE = 500, 137
_PHONES, _PHONE_STRIDE = 10**9, 387_420_489  # 3**18 has no factor with 10**9: every number comes once

_SURNAMES = tuple(Provider.last_names)
_SURNAME_SHARES = tuple(float(share) for share in Provider.last_names.values())
_GIVEN = {MALE: tuple(Provider.first_names_male), FEMALE: tuple(Provider.first_names_female)}
_SINGLE = {sex: tuple(name for name in names if len(name) == 1) for sex, names in _GIVEN.items()}


class Registry:
    """Hands out numbers once each, for one whole generation."""

    def __init__(self, seed: int) -> None:
        self._counted: dict[tuple[date, str], int] = {}
        self._phones = (seed * 7_919 + 271_828_183) % _PHONES

    def id_number(self, born: date, sex: str) -> str:
        """The next identity number of somebody born that day; digit 17 is odd for men."""
        used = self._counted.get((born, sex), 0)
        if used >= _PER_DAY_AND_SEX:
            raise ValueError(f"more than {_PER_DAY_AND_SEX} persons of one sex born on {born}")
        self._counted[(born, sex)] = used + 1
        pair = (used * _STRIDE + born.toordinal()) % _PER_DAY_AND_SEX
        return with_check_digit(f"{PREFIX}{born:%Y%m%d}{2 * pair + (sex == MALE):03d}")

    def phone(self) -> str:
        """The next telephone number: 12 and nine digits."""
        self._phones = (self._phones + _PHONE_STRIDE) % _PHONES
        return f"12{self._phones:09d}"


def with_check_digit(number: str) -> str:
    """Seventeen digits with prefix 150299 and the check digit of GB 11643."""
    total = _PREFIX_SUM
    for digit, weight in zip(number[6:], _WEIGHTS[6:], strict=True):
        total += int(digit) * weight
    return number + _CHECKS[total % 11]


class Names:
    """Surnames in their real frequency and given names of one or two characters, drawn in batches."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._surnames: list[str] = []
        self._given: dict[str, list[str]] = {MALE: [], FEMALE: []}
        total = sum(_SURNAME_SHARES)
        self._shares = [share / total for share in _SURNAME_SHARES]

    def surname(self) -> str:
        """A surname."""
        if not self._surnames:
            self._surnames = self._random.choice(_SURNAMES, 512, p=self._shares).tolist()
        return self._surnames.pop()

    def given(self, sex: str) -> str:
        """A given name; half of them join two single characters."""
        if not self._given[sex]:
            self._given[sex] = [self._one(sex) for _ in range(256)]
        return self._given[sex].pop()

    def _one(self, sex: str) -> str:
        one, two, joined = self._random.random(3).tolist()
        if joined < 0.45:  # noqa: PLR2004 - a share
            names = _GIVEN[sex]
            return names[int(one * len(names))]
        single = _SINGLE[sex]
        return single[int(one * len(single))] + single[int(two * len(single))]
