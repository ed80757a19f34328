"""Tables written piece by piece: CSV for Excel (UTF-8 with its mark) and .xlsx (ECMA-376), no formula in any cell."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from xml.sax.saxutils import escape

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_ONCE = 500
_LAST_ROW = 1_048_576
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="宋体"/></font>'
    '<font><b/><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
    '</fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/>'
    '<xf numFmtId="49" xfId="0" applyNumberFormat="1"/><xf fontId="1" numFmtId="49" xfId="0" applyNumberFormat="1" '
    'applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)


@dataclass(frozen=True, slots=True)
class Choice:
    """That a column offers a list of values, and from which row on."""

    column: int
    values: Sequence[str]


def safe_cell(text: str) -> str:
    """A cell no spreadsheet takes for a formula: what begins like one is marked as text."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_chunks(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file in pieces; formulas are marked as text."""
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    yield "\ufeff".encode()
    for number, row in enumerate(rows, 1):
        writer.writerow([safe_cell(cell) for cell in row])
        if number % _ROWS_AT_ONCE == 0:
            yield _taken(sheet)
    yield _taken(sheet)


def _taken(sheet: io.StringIO) -> bytes:
    piece = sheet.getvalue().encode()
    sheet.seek(0)
    sheet.truncate()
    return piece


def xlsx_chunks(
    rows: Iterable[Sequence[str]], *, title: str, headings_at: int = 1, choices: Sequence[Choice] = ()
) -> Iterator[bytes]:
    """A workbook of one sheet in pieces: every cell is text, rows up to the headings stay in sight."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        for name, content in _parts(title, bool(choices)).items():
            book.writestr(name, content)
        if choices:
            book.writestr("xl/worksheets/sheet2.xml", "".join(_choices_sheet(choices)))
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for piece in _sheet(rows, headings_at, choices):
                sheet.write(piece.encode())
                if sink.pieces:
                    yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What the archive wrote and nobody fetched yet; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        taken = bytes(piece)  # type: ignore[call-overload]  # any buffer
        self.pieces.append(taken)
        self._place += len(taken)
        return len(taken)

    def taken(self) -> bytes:
        pieces, self.pieces = b"".join(self.pieces), []
        return pieces


def _sheet(rows: Iterable[Sequence[str]], headings_at: int, choices: Sequence[Choice]) -> Iterator[str]:
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="{headings_at}" '
        f'topLeftCell="A{headings_at + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        '<sheetFormatPr defaultRowHeight="15"/><cols>'
        '<col min="1" max="60" width="16" style="1" customWidth="1"/></cols>'
        "<sheetData>"
    )
    piece: list[str] = []
    for number, row in enumerate(rows, 1):
        style = 2 if number <= headings_at else 1
        cells = (_cell(column, number, text, style) for column, text in enumerate(row) if text)
        piece.append(f'<row r="{number}">{"".join(cells)}</row>')
        if len(piece) == _ROWS_AT_ONCE:
            yield "".join(piece)
            piece.clear()
    yield "".join(piece) + "</sheetData>" + _validations(headings_at, choices) + "</worksheet>"


def _cell(column: int, row: int, text: str, style: int) -> str:
    # An inline string is text whatever it begins with: no spreadsheet reads a formula in it.
    shown = escape("".join(character for character in text if character >= " " or character in "\n\t"))
    return f'<c r="{_name(column)}{row}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _name(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _validations(headings_at: int, choices: Sequence[Choice]) -> str:
    if not choices:
        return ""
    rules = (
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="1" '
        f'sqref="{_name(choice.column)}{headings_at + 1}:{_name(choice.column)}{_LAST_ROW}">'
        f"<formula1>选项!${_name(place)}$1:${_name(place)}${len(choice.values)}</formula1></dataValidation>"
        for place, choice in enumerate(choices)
    )
    return f'<dataValidations count="{len(choices)}">{"".join(rules)}</dataValidations>'


def _choices_sheet(choices: Sequence[Choice]) -> Iterator[str]:
    yield f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
    for number in range(max(len(choice.values) for choice in choices)):
        values = [choice.values[number] if number < len(choice.values) else "" for choice in choices]
        cells = (_cell(column, number + 1, text, 1) for column, text in enumerate(values) if text)
        yield f'<row r="{number + 1}">{"".join(cells)}</row>'
    yield "</sheetData></worksheet>"


def _parts(title: str, with_choices: bool) -> Mapping[str, str]:
    numbers = (1, 2) if with_choices else (1,)
    kinds = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        for number in numbers
    )
    sheets = f'<sheet name="{escape(title[:31])}" sheetId="1" r:id="rId1"/>'
    sheets += '<sheet name="选项" sheetId="2" state="hidden" r:id="rId2"/>' if with_choices else ""
    targets = chain(
        ((f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers),
        (("rId9", "styles", "styles.xml"),),
    )
    related = "".join(
        f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{target}"/>' for key, kind, target in targets
    )
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/>{kinds}</Types>',
        "_rels/.rels": _RELATIONS,
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        "</Relationships>",
        "xl/styles.xml": _STYLES,
    }
