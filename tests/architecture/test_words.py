"""Words for people: complete in both languages, none that the field forbids."""

import ast
import csv
import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grid_kernel.ask import Refused
from grid_kernel.errors import Refusal

ROOT = Path(__file__).parents[2]
LABELS = sorted(ROOT.glob("*/src/*/labels")) + sorted(ROOT.glob("web/site/src/*/labels"))
PACKAGES = ("grid_kernel", "gateway", "population_svc", "approval_svc", "gis_svc", "dispute_svc")
FORBIDDEN = ("打卡", "签到", "积分", "排名", "考核", "系统繁忙", "操作失败")


def keys(node: object, prefix: str = "") -> set[str]:
    if not isinstance(node, dict):
        return {prefix}
    return set().union(*(keys(value, f"{prefix}/{key}") for key, value in node.items())) if node else {prefix}


@pytest.mark.parametrize("folder", LABELS, ids=lambda path: path.parent.name)
def test_both_languages_say_the_same_things(folder: Path) -> None:
    chinese, english = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("zh_CN", "en"))
    assert keys(chinese) == keys(english)


@pytest.mark.parametrize("folder", LABELS, ids=lambda path: path.parent.name)
def test_no_forbidden_word_is_shown(folder: Path) -> None:
    text = (folder / "zh_CN.json").read_text("utf-8")
    assert not [word for word in FORBIDDEN if word in text]


def test_every_code_of_a_table_has_both_names() -> None:
    tables = sorted(ROOT.glob("*/src/*/data/*.csv"))
    named = [table for table in tables if "name_zh" in table.read_text("utf-8").splitlines()[0]]
    rows = [(table.name, row) for table in named for row in csv.DictReader(table.read_text("utf-8").splitlines())]
    assert len(named) > 10
    assert not [(name, next(iter(row.values()))) for name, row in rows if not (row["name_zh"] and row["name_en"])]


def words_of(package: str, part: str) -> set[str]:
    """What a package and the kernel have words for."""
    folders = (*ROOT.glob(f"*/src/{package}/**/labels"), ROOT / "kernel/src/grid_kernel/labels")
    read = (json.loads((folder / "zh_CN.json").read_text("utf-8")) for folder in folders)
    return {key for words in read for key in words.get(part, {})}


def subclasses(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_refusal_has_words_in_its_own_package() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    # Refused carries the code of the service that was asked; tests have refusals of their own.
    kinds = {(kind.__module__.partition(".")[0], kind.code) for kind in subclasses(Refusal) - {Refusal, Refused}}
    assert {package for package, _ in kinds} >= set(PACKAGES)
    ours = [(package, code) for package, code in kinds if package in PACKAGES]
    assert not [(package, code) for package, code in ours if code not in words_of(package, "refusals")]


def codes_at_members(tree: ast.Module) -> Iterator[str]:
    """The codes code puts beside a member at fault: `InvalidInput.at("/…", "code")`, `FieldError("/…", "code")`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if ast.unparse(call.func) in {"InvalidInput.at", "FieldError"} and isinstance(call.args[-1], ast.Constant):
            yield str(call.args[-1].value)


def test_every_code_beside_a_member_has_words() -> None:
    for package in PACKAGES:
        known = words_of(package, "fields")
        for path in ROOT.glob(f"*/src/{package}/**/*.py"):
            codes = set(codes_at_members(ast.parse(path.read_text("utf-8"))))
            assert codes <= known, (path.name, codes - known)
