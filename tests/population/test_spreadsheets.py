"""Tables as people keep them: read whatever wrote them, written so that no cell is ever a formula."""

import io
import zipfile

import pytest

from population_svc.spreadsheets import Choice, Limits, UnreadableTable, csv_chunks, open_table, xlsx_chunks

ROWS = [["姓名", "公民身份号码", "备注"], ["王小明", "150299198005170036", ""], ["买买提·艾力", "", "=1+1<&>"]]
WIDE = [[*row, ""][:3] for row in ROWS]


def read(data: bytes, **limits: int) -> list[list[str]]:
    return [cells for _, cells in open_table(io.BytesIO(data), Limits(**limits)).rows]


def test_a_workbook_we_write_is_read_back_cell_by_cell() -> None:
    data = b"".join(xlsx_chunks(ROWS, title="花名册"))
    assert read(data) == [ROWS[0], ROWS[1][:2], ROWS[2]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_file_is_read_in_the_encoding_and_with_the_separator_it_has(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(row) for row in (["姓名", "性别", "住址"], ["𠮷田", "男", "育才小区"]))
    table = open_table(io.BytesIO(text.encode(encoding)))
    assert (table.encoding, [cells for _, cells in table.rows][1]) == (encoding, ["𠮷田", "男", "育才小区"])


def test_what_begins_like_a_formula_is_text_in_both_formats() -> None:
    rows = [["=cmd", "+1", "-1", "@a", "\tx", "a=1"]]
    assert b"".join(csv_chunks(rows)).decode("utf-8-sig").strip() == "'=cmd,'+1,'-1,'@a,'\tx,a=1"
    sheet = zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(rows, title="a")))).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert sheet.count(b't="inlineStr"') == 6


def test_a_workbook_of_another_program_is_read_with_shared_strings_numbers_and_gaps() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="2"><c r="B2" t="s"><v>1</v></c><c r="D2"><v>1.0</v></c><c r="E2" t="b"><v>1</v></c></row>'
        '<row r="5"><c r="A5"><f>1+1</f><v>2.5</v></c><c r="B5" t="e"><v>#N/A</v></c><c r="C5" t="s"><v>0</v></c></row>'
        "</sheetData></worksheet>"
    )
    shared = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>甲</t></si>'
        "<si><r><t>乙</t></r><r><t>丙</t></r><rPh><t>x</t></rPh></si></sst>"
    )
    table = open_table(io.BytesIO(rewritten({"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": shared})))
    assert list(table.rows) == [(2, ["", "乙丙", "", "1", "是"]), (5, ["2.5", "", "甲"])]


def rewritten(parts: dict[str, str]) -> bytes:
    """A workbook of ours with some of its parts replaced."""
    source = zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(ROWS, title="a"))))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        for name in {*source.namelist(), *parts}:
            book.writestr(name, parts[name] if name in parts else source.read(name))
    return made.getvalue()


def test_an_entity_in_a_workbook_is_refused_before_it_unfolds() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><worksheet><sheetData>&c;</sheetData></worksheet>'
    with pytest.raises(UnreadableTable, match="damaged-file"):
        read(rewritten({"xl/worksheets/sheet1.xml": bomb}))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old-excel-file"),
        (b"PK\x03\x04 no archive", "damaged-file"),
        (b"a\0b\0\0", "not-a-table"),
        (b"\xff\xfb\x90\x44" * 50, "unknown-encoding"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableTable, match=code):
        read(data)


def test_limits_are_said_not_felt() -> None:
    data = b"a,b,c\n1,2,3\n1,2,3\n"
    for limits, code in (({"rows": 2}, "too-many-rows"), ({"columns": 2}, "too-many-columns")):
        with pytest.raises(UnreadableTable, match=code):
            read(data, **limits)
    with pytest.raises(UnreadableTable, match="cell-too-long"):
        read(b"a\nabcdef\n", cell=5)


def test_a_template_offers_its_lists() -> None:
    book = zipfile.ZipFile(io.BytesIO(b"".join(xlsx_chunks(ROWS, title="a", choices=[Choice(1, ["是", "否"])]))))
    assert b"<formula1>\xe9\x80\x89\xe9\xa1\xb9!$A$1:$A$2</formula1>" in book.read("xl/worksheets/sheet1.xml")
    assert 'state="hidden"' in book.read("xl/workbook.xml").decode()
