"""What a text is found by: its characters and their pairs, in any order, without an extension of the database."""


def grams(text: str) -> list[str]:
    """Every character and every pair of neighbours, once; spaces and the dot of long names do not count."""
    plain = "".join(character for character in text.casefold() if not character.isspace() and character not in "·•")
    pairs = (plain[index : index + 2] for index in range(len(plain) - 1))
    return sorted({*plain, *pairs})


def query_grams(text: str) -> list[str]:
    """The grams a query needs: pairs where there are any, since they contain the characters."""
    found = grams(text)
    return [gram for gram in found if len(gram) > 1] or found
