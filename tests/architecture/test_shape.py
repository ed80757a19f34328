"""The four services have the same shape; what DESIGN says of the house is checked on the code itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = {
    "population-svc": "population_svc",
    "approval-svc": "approval_svc",
    "gis-svc": "gis_svc",
    "dispute-svc": "dispute_svc",
}
PACKAGES = [ROOT / folder / "src" / package for folder, package in SERVICES.items()]
CODE = [*PACKAGES, ROOT / "kernel/src/grid_kernel", ROOT / "gateway/src/gateway", ROOT / "web/site/src/grid_site"]
CODE.append(ROOT / "deploy/src/grid_deploy")
ROOMS = ("__main__", "app", "commands", "queries", "models", "schemas", "rules", "events", "jobs", "settings", "routes")
LONGEST_FILE, LONGEST_FUNCTION = 500, 60


def sources(*roots: Path) -> Iterator[tuple[Path, ast.Module]]:
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text("utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_service_has_the_same_rooms(package: Path) -> None:
    missing = [room for room in ROOMS if not ((package / f"{room}.py").exists() or (package / room).is_dir())]
    assert not missing
    assert (package / "labels/zh_CN.json").exists()
    assert (package / "labels/en.json").exists()
    assert list((package / "migrations/versions").glob("*.py"))


def test_no_file_and_no_function_is_too_long_to_know() -> None:
    long = []
    for path, tree in sources(*CODE, ROOT / "tests"):
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in functions(tree):
            if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not long


def test_every_module_says_in_one_line_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path, tree in sources(*CODE) if not ast.get_docstring(tree)]
    assert not silent


def test_every_route_has_a_docstring_for_the_document() -> None:
    silent = []
    for path, tree in sources(*CODE):
        for node in functions(tree):
            if any(_is_route(decorator) for decorator in node.decorator_list) and not ast.get_docstring(node):
                silent.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not silent


def _is_route(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else None
    return isinstance(call, ast.Attribute) and call.attr in {"get", "post", "put", "patch", "delete"}


def test_the_commit_has_one_home() -> None:
    found = []
    for path, tree in sources(*CODE):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                found.append(str(path.relative_to(ROOT)))
    assert set(found) == {"kernel/src/grid_kernel/db.py", "kernel/src/grid_kernel/migrations.py"}


def test_nothing_is_imported_inside_a_function() -> None:
    found = []
    for path, tree in sources(*CODE):
        for node in functions(tree):
            if any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node)):
                found.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not found


def test_only_queries_select_an_aggregate() -> None:
    """Whoever reads an aggregate starts from visible(actor); a select elsewhere would forget it."""
    found = []
    for package in PACKAGES:
        for path, tree in sources(package):
            if path.stem == "queries" or "queries" in path.parts:
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select":
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found


@pytest.mark.parametrize("word", ["Manager", "Helper", "Util", "Mixin"])
def test_no_name_says_nothing(word: str) -> None:
    found = []
    for path, tree in sources(*CODE):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and word in node.name:
                found.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert not found
