"""The npm workspace: what may be in it, its words, its colours, and that what is built speaks today's interfaces."""

import gzip
import hashlib
import json
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from tests.web.test_design import luminance

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
ASSETS = ROOT / "gateway/src/gateway/webassets"
SOURCES = [path for kind in ("ts", "vue", "html", "css", "mjs") for path in WEB.rglob(f"*.{kind}")]
SOURCES = [path for path in SOURCES if not {"node_modules", "generated", "site", "tests"} & set(path.parts)]
FORBIDDEN = ("打卡", "签到", "积分", "排名", "排行", "考核", "在线时长", "轨迹", "系统繁忙", "操作失败")
MOST_LINES = 500


def module(name: str, path: Path) -> ModuleType:
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


build = module("web_build", WEB / "build.py")


def catalogue(language: str) -> str:
    """The words of both apps together."""
    folder = WEB / "packages/i18n/src"
    parts = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob(f"*{language}.json"))]
    field = {key: text for part in parts for key, text in part.get("field", {}).items()}
    return json.dumps(
        {key: text for part in parts for key, text in part.items()} | {"field": field}, ensure_ascii=False
    )


def leaves(node: object, prefix: str = "") -> dict[str, str]:
    if not isinstance(node, dict):
        return {prefix: str(node)}
    return {key: text for name, child in node.items() for key, text in leaves(child, f"{prefix}.{name}").items()}


def test_the_lock_file_names_no_address() -> None:
    lock = (WEB / "package-lock.json").read_text("utf-8")
    assert "://" not in re.sub(r'"funding": ("[^"]*"|\{[^}]*\}|\[[^\]]*\])|"url": "[^"]*"', "", lock)
    assert '"integrity"' in lock


def test_versions_are_named_exactly() -> None:
    for package in [WEB / "package.json", *WEB.glob("apps/*/package.json"), *WEB.glob("packages/*/package.json")]:
        told = json.loads(package.read_text("utf-8"))
        wanted = told.get("dependencies", {}) | told.get("devDependencies", {})
        loose = {name: version for name, version in wanted.items() if not re.match(r"\d", version)}
        assert all(name.startswith("@grid/") for name in loose), package


def test_no_word_for_people_is_written_outside_the_catalogue() -> None:
    for path in SOURCES:
        code = re.sub(r"/\*[\s\S]*?\*/|(?<!:)//.*", "", path.read_text("utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", code), path.name


def test_no_word_the_field_forbids_is_shown() -> None:
    assert not [word for word in FORBIDDEN if word in catalogue("zh-CN")]


def test_both_languages_name_the_same_parameters() -> None:
    chinese, english = (leaves(json.loads(catalogue(language))) for language in ("zh-CN", "en"))
    names = re.compile(r"\{(\w+)\}")
    for key, text in english.items():
        counterpart = chinese.get(key) or chinese[key.removesuffix("-one")]
        assert set(names.findall(text)) <= set(names.findall(counterpart)), key
    assert set(chinese) <= set(english)


def test_every_word_a_page_asks_for_is_there() -> None:
    known = {key.removeprefix(".") for key in leaves(json.loads(catalogue("zh-CN")))}
    for path in SOURCES:
        for key in re.findall(r"\bt\(\s*'([a-zA-Z0-9.-]+)'", path.read_text("utf-8")):
            assert key in known, (path.name, key)


def test_a_file_fits_a_head() -> None:
    assert not [path.name for path in SOURCES if len(path.read_text("utf-8").splitlines()) > MOST_LINES]


def test_nothing_is_styled_or_evaluated_inside_a_page() -> None:
    for path in SOURCES:
        text = path.read_text("utf-8")
        assert not re.search(r"\seval\(|new Function\(|v-html|innerHTML|<style", text), path.name
        assert path.suffix != ".vue" or not re.search(r'<[a-z][^>]*\sstyle="', text), path.name


def colours(name: str) -> dict[str, str]:
    light = (WEB / "site/src/grid_site/static/tokens.css").read_text("utf-8")
    swap = (WEB / "packages/tokens/src/dark.css").read_text("utf-8")
    pairs = re.compile(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});")
    usual, dark = swap.split(".dark {")
    found = dict(pairs.findall(light)) | dict(pairs.findall(usual))
    return found | dict(pairs.findall(dark)) if name == "dark" else found


PAIRS = [
    *((ink, ground, 4.5) for ink in ("ink-1", "ink-2", "ink-3", "pri-6") for ground in ("paper", "bg", "pri-0")),
    *((ink, ground, 4.5) for ink in ("red", "amber", "green", "purple") for ground in ("paper", f"{ink}-0")),
    ("ink-2", "line-2", 4.5),
    ("on-pri", "pri-7", 4.5),
    ("on-pri-2", "pri-7", 4.5),
    ("field", "paper", 3.0),
    ("focus", "ink-1", 3.0),
    ("pri-5", "paper", 3.0),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("one", "other", "least"), PAIRS)
def test_what_is_written_can_be_read_by_day_and_by_night(theme: str, one: str, other: str, least: float) -> None:
    known = colours(theme) | ({"focus": "#F0A500", "ink-1": "#14212B"} if one == "focus" else {})
    one, other = (f"{each}" for each in (one, other))
    grounds = {f"{ink}-0": f"{ink}-0" for ink in ("red", "amber", "green", "purple")}
    light, dark = sorted((luminance(known[one]), luminance(known[grounds.get(other, other)])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_a_first_load_counts_the_page_and_what_it_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ASSETS", tmp_path)
    chunks = {
        "index.html": {"file": "index.js", "css": ["a.css"], "imports": ["_part.js"], "dynamicImports": ["later.js"]},
        "_part.js": {"file": "part.js"},
        "later.js": {"file": "later.js"},
    }
    chunks[build.FIRST_SCREEN["field"][0]] = {"file": "sign-in.js", "imports": ["index.html"]}
    (tmp_path / "field/.vite").mkdir(parents=True)
    (tmp_path / "field/.vite/manifest.json").write_text(json.dumps(chunks))
    for name in ("index.html", "index.js", "a.css", "part.js", "later.js", "sign-in.js"):
        (tmp_path / "field" / name).write_bytes(name.encode())
    counted = ("index.html", "index.js", "a.css", "part.js", "sign-in.js")
    assert build.first_load("field") == sum(len(gzip.compress(name.encode(), 9)) for name in counted)


def test_a_change_of_a_source_or_of_an_interface_asks_for_a_new_build() -> None:
    sources = set(build._sources())
    assert ROOT / "population-svc/src/population_svc/schemas/visits.py" in sources
    assert WEB / "apps/field/src/main.ts" in sources
    assert not [
        path
        for path in sources
        if "node_modules" in path.parts or ("site" in path.parts[:-1] and path.suffix != ".css")
    ]


@pytest.mark.browser
def test_what_is_built_speaks_the_interfaces_of_today(tmp_path: Path) -> None:
    told = ASSETS / "build.json"
    if not told.exists():
        pytest.skip("the web is not built: make web")
    documents = module("web_documents", WEB / "tools/documents.py")
    documents.main(tmp_path)
    today = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.glob("*.json")}
    assert json.loads(told.read_text("utf-8"))["documents"] == today, f"{sys.executable} web/build.py"


@pytest.mark.browser
@pytest.mark.parametrize("app", build.APPS)
def test_what_is_built_is_light(app: str) -> None:
    if not (ASSETS / "build.json").exists():
        pytest.skip("the web is not built: make web")
    assert build.first_load(app) <= build.FIRST_LOAD[app]
