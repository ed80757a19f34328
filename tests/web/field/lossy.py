"""Between browser and gateway: passes everything on, and loses replies, or the whole line, as a test says."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Line:
    """The state of the line; `lost` counts replies that the gateway gave and the browser never saw.

    With `assets` the app of /field comes out of that folder, as another version of it would; `instead` answers what
    begins with a path in the gateway's place, `slow` lets it wait so many seconds.
    """

    def __init__(self, gateway: str) -> None:
        self.gateway = urlsplit(gateway)
        self.cut = False
        self.lose_every = 0
        self.lost = 0
        self.asked: list[str] = []
        self.assets: Path | None = None
        self.instead: dict[str, tuple[int, bytes]] = {}
        self.slow: dict[str, float] = {}
        self._answered = 0
        self._lock = threading.Lock()

    def of(self, path: str, kept: dict[str, Any]) -> Any:
        """What is kept for the path an address begins with."""
        return next((what for begin, what in kept.items() if path.startswith(begin)), None)

    def of_assets(self, path: str) -> tuple[bytes, str] | None:
        """The file of the other version for an address, and its type."""
        if self.assets is None or not path.startswith("/field/"):
            return None
        wanted = self.assets / urlsplit(path).path.removeprefix("/field/")
        if not wanted.is_file():
            wanted = self.assets / "index.html"
        return wanted.read_bytes(), guess_type(wanted.name)[0] or "application/octet-stream"

    def loses(self, method: str, path: str) -> bool:
        """Whether the reply to this request is lost: every n-th of those that change something."""
        if not self.lose_every or method == "GET" or not path.startswith("/api/") or "/session" in path:
            return False
        with self._lock:
            self._answered += 1
            lost = self._answered % self.lose_every == 0
            self.lost += lost
        return lost


@contextmanager
def lossy_line(gateway: str) -> Iterator[tuple[str, Line]]:
    """The address for the browser, and the line behind it."""
    line = Line(gateway)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            line.asked.append(f"{self.command} {self.path}")
            if line.cut and self.path.startswith("/api/"):
                self.close_connection = True
                return
            time.sleep(line.of(self.path, line.slow) or 0)
            if instead := line.of(self.path, line.instead):
                self.answer(instead[0], [("Content-Type", "application/json")], instead[1])
                return
            if found := line.of_assets(self.path):
                self.answer(200, [("Content-Type", found[1]), ("Cache-Control", "no-cache")], found[0])
                return
            there = http.client.HTTPConnection(line.gateway.hostname or "", line.gateway.port, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
            there.request(self.command, self.path, body or None, headers)
            answer = there.getresponse()
            content = answer.read()
            there.close()
            if line.loses(self.command, self.path):
                self.close_connection = True
                return
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
            self.answer(answer.status, kept, content)

        def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815 - the names the library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", line
    server.shutdown()
    server.server_close()
    thread.join()
