"""Words for people: complete in both languages, none that the field forbids."""

import json
from pathlib import Path

import pytest

from grid_kernel.errors import Refusal

ROOT = Path(__file__).parents[2]
LABELS = sorted(ROOT.glob("*/src/*/labels")) + sorted(ROOT.glob("web/site/src/*/labels"))
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


def subclasses(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_refusal_has_words_in_its_own_package() -> None:
    silent = []
    for kind in subclasses(Refusal):
        package = ROOT.glob(f"*/src/{kind.__module__.split('.')[0]}")
        for folder in package:
            words = json.loads((folder / "labels/zh_CN.json").read_text("utf-8"))["refusals"]
            kernel = json.loads((ROOT / "kernel/src/grid_kernel/labels/zh_CN.json").read_text("utf-8"))["refusals"]
            if kind.code not in words and kind.code not in kernel and kind is not Refusal:
                silent.append(f"{kind.__module__}.{kind.__name__}: {kind.code}")
    assert not silent
