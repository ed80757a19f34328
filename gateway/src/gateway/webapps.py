"""The built web apps, /field and /console, out of the folder `webassets`; or a page that says how to build them."""

import html
import os
from pathlib import Path, PurePosixPath
from typing import Final

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from grid_kernel.labels import Labels, preferred_language

ASSETS: Final = Path(__file__).parent / "webassets"
APPS: Final = frozenset({"field", "console"})
POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    # Photo and position are offered, never demanded; nobody else's page gets them through ours.
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_FOREVER: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}


def assets_version(folder: Path = ASSETS) -> str:
    """What was built: the version and the beginning of the digest of its sources; `absent` when nothing was."""
    try:
        built = orjson.loads((folder / "build.json").read_bytes())
        return f"{built['version']}+{str(built['sources'])[:12]}"
    except (OSError, ValueError, KeyError, TypeError):
        return "absent"


class WebApps:
    """Serves files as they were built and compressed; nothing is compressed or composed here."""

    def __init__(self, labels: Labels, folder: Path = ASSETS) -> None:
        self._labels = labels
        self._folder = folder

    @staticmethod
    def serves(path: str) -> bool:
        """Whether an address belongs to one of the apps."""
        return path.split("/", 2)[1] in APPS if path.startswith("/") else False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._answer(scope)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> Response:
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("405", 405, {"Allow": "GET, HEAD"})
        _, app, *rest = path.split("/", 2)
        if app not in APPS:
            return PlainTextResponse("404", 404)
        if not rest:
            return RedirectResponse(f"/{app}/", 308)
        headers = Headers(scope=scope)
        if not (self._folder / app / "index.html").is_file():
            return self._how_to_build(headers)
        file = self._find(app, rest[0])
        return PlainTextResponse("404", 404) if file is None else _serve(file, headers)

    def _find(self, app: str, inside: str) -> Path | None:
        """The file of an address; the app's page for an address the app itself knows (one without a dot)."""
        root = (self._folder / app).resolve()
        parts = PurePosixPath(inside).parts
        if "\\" in inside or "\0" in inside or any(part.startswith(".") for part in parts):
            return None
        file = (root / inside).resolve()
        if not file.is_relative_to(root) or file.suffix in {".br", ".gz"}:
            return None
        if file.is_file():
            return file
        return None if "." in inside.rsplit("/", 1)[-1] else root / "index.html"

    def _how_to_build(self, headers: Headers) -> Response:
        language = preferred_language(headers.get("accept-language", ""))
        title, text, command, home = (
            html.escape(self._labels.text(language, "texts", f"web-absent-{part}"))
            for part in ("title", "text", "command", "home")
        )
        tag = "en" if language == "en" else "zh-CN"
        page = (
            f'<!doctype html><html lang="{tag}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
            f'<h1>{title}</h1><p>{text}</p><pre>{command}</pre><p><a href="/">{home}</a></p></html>'
        )
        return HTMLResponse(page, 503, {"Cache-Control": "no-store", "Vary": "Accept-Language"})


def _serve(file: Path, headers: Headers) -> Response:
    hashed = file.parent.name == "assets"
    encoding, sent = _compressed(file, headers.get("accept-encoding", ""))
    stat = os.stat(sent)
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}{encoding[:2]}"'
    more = {"Cache-Control": _FOREVER if hashed else "no-cache", "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=more)
    if encoding:
        more["Content-Encoding"] = encoding
    kind = _TYPES.get(file.suffix, "application/octet-stream")
    return FileResponse(sent, headers=more, media_type=kind, stat_result=stat)


def _compressed(file: Path, accepted: str) -> tuple[str, Path]:
    """The best of what the client takes and the build has made (RFC 9110 12.5.3)."""
    weights = _weights(accepted)
    for encoding, end in _ENCODINGS:
        twin = file.with_name(file.name + end)
        if weights.get(encoding, weights.get("*", 0.0)) > 0 and twin.is_file():
            return encoding, twin
    return "", file


def _weights(accepted: str) -> dict[str, float]:
    found = {}
    for part in accepted.split(","):
        name, _, weight = part.strip().lower().partition(";")
        try:
            found[name.strip()] = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            found[name.strip()] = 0.0
    return found
