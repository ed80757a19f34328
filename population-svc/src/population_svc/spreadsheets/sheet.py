"""A sheet of an .xlsx workbook as a stream of rows (ECMA-376): expat over the zipped XML, entities refused."""

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

_CHUNK = 256 * 1024
_MOST_SHARED = 256 * 1024 * 1024
_MOST_SHEET = 4 * 1024 * 1024 * 1024
_WIDEST = 1_000
_WHOLE = re.compile(r"-?[0-9]+\.0+")
Row = tuple[int, list[str]]


class SheetFault(Exception):  # noqa: N818 - named for what happened, as refusals are
    """A workbook that is broken, or larger than it says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def sheet_names(file: BinaryIO) -> list[str]:
    """What the sheets of a workbook are called that people see, in their order."""
    with zipfile.ZipFile(file) as book:
        return list(_sheets(book))


def sheet_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    """The rows of a sheet: the number of each, and its cells as text; cells left out are empty."""
    with zipfile.ZipFile(file) as book:
        sheet = _Sheet(_SharedStrings(book))
        with book.open(_sheets(book)[name]) as stream:
            for chunk in _chunks(stream, _MOST_SHEET):
                sheet.feed(chunk)
                yield from sheet.taken()
        sheet.feed(b"", last=True)
        yield from sheet.taken()


def _chunks(stream: object, most: int) -> Iterator[bytes]:
    read: Callable[[int], bytes] = stream.read  # type: ignore[attr-defined]  # an open member of the archive
    taken = 0
    while chunk := read(_CHUNK):
        taken += len(chunk)
        if taken > most:
            raise SheetFault("file-too-large")
        yield chunk


class _Parser:
    """expat with the elements' plain names; a document type or an entity of its own is refused."""

    def __init__(self) -> None:
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._refuse
        self._expat.StartElementHandler = lambda name, given: self.start(name.rpartition(" ")[2], given)
        self._expat.EndElementHandler = lambda name: self.end(name.rpartition(" ")[2])
        self._expat.CharacterDataHandler = self.text

    def feed(self, chunk: bytes, *, last: bool = False) -> None:
        try:
            self._expat.Parse(chunk, last)
        except expat.ExpatError:
            raise SheetFault("damaged-file") from None

    def start(self, name: str, given: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, characters: str) -> None: ...

    def _refuse(self, *_: object) -> None:
        raise SheetFault("damaged-file")


class _Names(_Parser):
    """The relations of a workbook: what its sheets are called, and which member each is."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: dict[str, str] = {}
        self.targets: dict[str, str] = {}

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "sheet":
            if given.get("state", "visible") == "visible":
                target = next((value for key, value in given.items() if key.rpartition(" ")[2] == "id"), "")
                self.sheets[given.get("name", target)] = target
        elif name == "Relationship":
            self.targets[given["Id"]] = given["Target"]


def _sheets(book: zipfile.ZipFile) -> dict[str, str]:
    """The member of each sheet that is shown, by its name."""
    names = _Names()
    names.feed(book.read("xl/workbook.xml"), last=True)
    relations = _Names()
    relations.feed(book.read("xl/_rels/workbook.xml.rels"), last=True)
    if not names.sheets:
        raise SheetFault("damaged-file")
    targets = {name: relations.targets[relation] for name, relation in names.sheets.items()}
    return {name: at.lstrip("/") if at.startswith("/") else f"xl/{at}" for name, at in targets.items()}


class _SharedStrings(_Parser):
    """The texts the cells refer to: packed into one buffer with the place of each, a fifth of a list of them."""

    def __init__(self, book: zipfile.ZipFile) -> None:
        super().__init__()
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        self._piece: list[str] = []
        self._in_text = self._phonetic = False
        if "xl/sharedStrings.xml" in book.namelist():
            with book.open("xl/sharedStrings.xml") as stream:
                for chunk in _chunks(stream, _MOST_SHARED):
                    self.feed(chunk)
            self.feed(b"", last=True)

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise SheetFault("damaged-file")
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode()

    def start(self, name: str, given: dict[str, str]) -> None:  # noqa: ARG002 - what the parser calls
        if name == "t":
            self._in_text = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._bytes += "".join(self._piece).encode()
            self._ends.append(len(self._bytes))
            self._piece.clear()

    def text(self, characters: str) -> None:
        if self._in_text:
            self._piece.append(characters)


class _Sheet(_Parser):
    """The rows of a sheet, as far as it was read."""

    def __init__(self, shared: _SharedStrings) -> None:
        super().__init__()
        self._shared = shared
        self._rows: list[Row] = []
        self._cells: list[str] = []
        self._value: list[str] = []
        self._number = 0
        self._kind, self._column, self._reading = "", 0, False

    def taken(self) -> list[Row]:
        """The rows that are complete, once."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            self._kind = given.get("t", "n")
            self._column = _column_of(given["r"]) if "r" in given else len(self._cells)
        elif name in {"v", "t"}:
            self._reading = True
        elif name == "row":
            self._number = int(given["r"]) if given.get("r", "").isdecimal() else self._number + 1

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._reading = False
        elif name == "c":
            self._cells += [""] * (self._column - len(self._cells))
            self._cells.append(self._shown("".join(self._value)))
            self._value.clear()
        elif name == "row":
            self._rows.append((self._number, self._cells))
            self._cells = []

    def text(self, characters: str) -> None:
        if self._reading:
            self._value.append(characters)

    def _shown(self, value: str) -> str:
        if self._kind == "s":
            return self._shared[int(value)] if value.isdecimal() else ""
        if self._kind == "b":
            return "是" if value == "1" else "否"
        if self._kind == "e":
            return ""
        return value.partition(".")[0] if self._kind == "n" and _WHOLE.fullmatch(value) else value


def _column_of(reference: str) -> int:
    """The place of a cell named like `AB12`, from 0."""
    place = 0
    for character in reference:
        if not "A" <= character <= "Z":
            break
        place = place * 26 + ord(character) - 64
    if not 0 < place <= _WIDEST:
        raise SheetFault("too-many-columns")
    return place - 1
