"""A cursor is the key of the last row; whatever its length, it leads on from there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_kernel.errors import InvalidInput
from grid_kernel.paging import PageRequest, encode


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_a_cursor_of_any_length_is_read_again(key: list[str]) -> None:
    assert PageRequest(encode(key), 50).after(*[str] * len(key)) == tuple(key)


@pytest.mark.parametrize("cursor", ["nonsense", "====", "é", encode(["a"]), encode(["a", "b", "c"]), ""])
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput):
        PageRequest(cursor, 50).after(str, int)


def test_the_first_page_has_no_cursor() -> None:
    assert PageRequest(None, 50).after(str) is None
