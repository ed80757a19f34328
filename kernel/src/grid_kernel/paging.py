"""Keyset paging: a cursor is the key of the last row seen, never an offset."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import TypeAdapter, ValidationError

from grid_kernel.errors import InvalidInput
from grid_kernel.schemas import Schema

Item = TypeVar("Item")
DEFAULT_LIMIT, MAX_LIMIT = 50, 100


class Page(Schema, Generic[Item]):
    """Some rows, and where the next ones begin; no cursor means these were the last."""

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`PersonOutPage`: what the schema is called in the OpenAPI document."""
        return f"{params[0].__name__}Page"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows are wanted."""

    cursor: str | None
    limit: int

    def after(self, *kinds: Any) -> tuple[Any, ...] | None:
        """The key the page begins behind, as values of these types; None for the first page."""
        if self.cursor is None:
            return None
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if not isinstance(values, list) or len(values) != len(kinds):
                raise ValueError
            return tuple(TypeAdapter(kind).validate_python(v) for kind, v in zip(kinds, values, strict=True))
        except (ValueError, ValidationError, binascii.Error):
            raise InvalidInput.at("#/query/cursor", "cursor-malformed") from None


async def page_request(
    cursor: Annotated[str | None, Query(max_length=500, description="`nextCursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> PageRequest:
    """Where a page begins and how long it is."""
    return PageRequest(cursor, limit)


Paging = Annotated[PageRequest, Depends(page_request)]


def page_of(
    rows: Sequence[Mapping[str, Any]],
    paging: PageRequest,
    *,
    key: Callable[[Mapping[str, Any]], tuple[Any, ...]],
    item: Callable[[Any], Item],
) -> Page[Item]:
    """A page from `limit + 1` rows: the one too many only tells that there is a next page."""
    shown = rows[: paging.limit]
    more = len(rows) > paging.limit
    return Page(items=[item(row) for row in shown], next_cursor=encode(key(shown[-1])) if more else None)


def encode(values: Sequence[UUID | str | int | datetime | date | None]) -> str:
    """A cursor out of the key of a row."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values), default=str)).decode().rstrip("=")
