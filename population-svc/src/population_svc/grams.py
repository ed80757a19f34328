"""What a text is found by: its characters and their pairs, in any order, without an extension of the database."""

from functools import lru_cache
from itertools import accumulate

from pypinyin import Style, lazy_pinyin, pinyin


def grams(text: str) -> list[str]:
    """Every character and every pair of neighbours, once; spaces and the dot of long names do not count."""
    plain = _plain(text)
    pairs = (plain[index : index + 2] for index in range(len(plain) - 1))
    return sorted({*plain, *pairs})


def query_grams(text: str) -> list[str]:
    """The grams a query needs: pairs where there are any, since they contain the characters."""
    found = grams(text)
    return [gram for gram in found if len(gram) > 1] or found


def name_grams(name: str) -> list[str]:
    """The grams of a name, and how people type it: `wang`, `wangxiaoming`, `xiaoming`, and the initials `wxm`, `xm`.

    Marked with an apostrophe, so that no pair of letters of a foreign name is taken for them.
    """
    return sorted({*grams(name), *(f"'{key}" for key in _typed(name))})


def query_name_grams(text: str) -> list[str]:
    """The grams a search by name needs: those of characters, or the one key that was typed in letters."""
    plain = _plain(text)
    return [f"'{plain}"] if len(plain) > 1 and plain.isascii() and plain.isalpha() else query_grams(text)


def _typed(name: str) -> set[str]:
    """What is typed for a name: a surname with all its readings (曾 is ceng and zeng), beginnings, the given name."""
    plain = _plain(name)
    if plain.isascii():
        return {start for start in accumulate(plain) if len(start) > 1}
    given = _syllables(plain[1:])
    keys: set[str] = set()
    for surname in _readings(plain[:1]):
        syllables = [surname, *given] if surname.isascii() else given
        keys |= {*accumulate(syllables), *accumulate(syllable[0] for syllable in syllables)}
    keys |= {"".join(given), "".join(syllable[0] for syllable in given)}
    return {key for key in keys if len(key) > 1}


# A table of half a million names has far fewer given names and surnames.
@lru_cache(maxsize=65_536)
def _syllables(given: str) -> list[str]:
    return [each for each in lazy_pinyin(given) if each.isascii()]


@lru_cache(maxsize=4_096)
def _readings(surname: str) -> list[str]:
    return [str(each) for each in pinyin(surname, style=Style.NORMAL, heteronym=True)[0]]


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if not character.isspace() and character not in "·•")
