"""The four services have the same shape; what is said of the house is checked on the code itself."""

import ast
from collections.abc import Callable, Iterator
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
    def too_long(path: Path, tree: ast.Module) -> Iterator[str]:
        place = path.relative_to(ROOT)
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_FILE:
            yield f"{place}: {lines} lines"
        for node in functions(tree):
            if (lines := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION:
                yield f"{place}:{node.lineno} {node.name}: {lines} lines"

    assert not [found for source in sources(*CODE, ROOT / "tests") for found in too_long(*source)]


def test_every_module_says_in_one_line_what_it_is() -> None:
    assert not [str(path.relative_to(ROOT)) for path, tree in sources(*CODE) if not ast.get_docstring(tree)]


def places(*roots: Path, wrong: Callable[[ast.AST], bool], skip: Callable[[Path], bool] = lambda _: False) -> list[str]:
    """Where in the code something stands that should not."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path, tree in sources(*roots)
        if not skip(path)
        for node in ast.walk(tree)
        if wrong(node)
    ]


def test_every_route_has_a_docstring_for_the_document() -> None:
    def silent(node: ast.AST) -> bool:
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        return function and any(map(_is_route, node.decorator_list)) and not ast.get_docstring(node)

    assert not places(*CODE, wrong=silent)


def _is_route(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else None
    return isinstance(call, ast.Attribute) and call.attr in {"get", "post", "put", "patch", "delete"}


def test_the_commit_has_one_home() -> None:
    def commits(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"

    found = {place.rsplit(":")[0] for place in places(*CODE, wrong=commits)}
    assert found == {"kernel/src/grid_kernel/db.py", "kernel/src/grid_kernel/migrations.py"}


def test_nothing_is_imported_inside_a_function() -> None:
    def imports(node: ast.AST) -> bool:
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        return function and any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))

    assert not places(*CODE, wrong=imports)


def test_only_queries_select_an_aggregate() -> None:
    """Whoever reads an aggregate starts from visible(actor); a select elsewhere would forget it."""

    def selects(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "select"

    assert not places(*PACKAGES, wrong=selects, skip=lambda path: "queries" in {path.stem, *path.parts})


@pytest.mark.parametrize("word", ["Manager", "Helper", "Util", "Mixin"])
def test_no_name_says_nothing(word: str) -> None:
    assert not places(*CODE, wrong=lambda node: isinstance(node, ast.ClassDef) and word in node.name)
