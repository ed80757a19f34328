"""Gateway pass-through against direct, nginx and an aiohttp client, side by side in one run.

    apt-get install -y nginx-light wrk        # once
    python benchmarks/gateway/run.py          # three to ten minutes

Backends and wrk are pinned to core 0, gateways to core 1. Every round measures every way once, each run after a moment
in which nobody else used the machine much (it waits for one, but not for ever); of all rounds the quieter half is kept.
Figures are medians of those, ratios are taken within a round. nginx's access log is off, ours is on.
"""

import argparse
import json
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATE = HERE.parents[1] / "var" / "benchmark-gateway"
TICKS = os.sysconf("SC_CLK_TCK")
QUIET_CORES = 0.25
PATIENCE_SECONDS = 8
AIOHTTP = "aiohttp==3.14.5"
HEADERS = {
    "Cookie": f"grid={4242:032x}",
    "Accept": "application/json",
    "Accept-Language": "zh-CN,zh;q=0.9",
    "User-Agent": "wrk",
}
NGINX = """
daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log {folder}/{name}.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000000; client_body_temp_path {folder}/{name}-body;
  proxy_temp_path {folder}/{name}-proxy; fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u;
  scgi_temp_path {folder}/{name}-s; default_type application/json;
  {http}
}}
"""
STATIC = "server {{ listen 127.0.0.1:{port}; root {folder}/static; }}"
PASSING = """
upstream behind {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port}; location /api/population/ {{
  proxy_pass http://behind/; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}
"""


@dataclass(frozen=True)
class Candidate:
    """One way to the backend."""

    name: str
    url: str
    pid: int


@dataclass(frozen=True)
class Measured:
    """One run of wrk."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    foreign: float


Round = dict[tuple[str, int], Measured]
Figures = dict[str, dict[str, float]]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def running(core: int, port: int, command: list[str], log: Path | None = None) -> Iterator[int]:
    """A server pinned to a core, until the block ends."""
    with ExitStack() as stack:
        output = stack.enter_context(log.open("wb")) if log else subprocess.DEVNULL
        process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=output, stderr=output)
        try:
            wait_for(port, process)
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens."""
    for _ in range(200):
        if process.poll() is not None:
            sys.exit(f"{process.args!r} ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nobody listens on {port}")


def nginx(folder: Path, name: str, http: str) -> list[str]:
    """The command of an nginx with this configuration."""
    config = folder / f"{name}.conf"
    config.write_text(NGINX.format(folder=folder, name=name, http=http))
    return ["nginx", "-e", str(folder / f"{name}.log"), "-c", str(config)]


def aiohttp_python() -> Path:
    """The interpreter of an environment that has aiohttp, which the product does not."""
    python = STATE / "env" / "bin" / "python"
    if not python.exists():
        venv.create(STATE / "env", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", AIOHTTP, "uvicorn", "uvloop", "httptools"], check=True)
    return python


def cpu_seconds(pid: int) -> float:
    """What a process and its children have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def busy_seconds() -> float:
    """What everybody on the machine has used."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def wait_for_quiet(seconds: float) -> None:
    """Until others leave the machine alone for a moment, at most so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        busy = busy_seconds()
        time.sleep(0.2)
        if (busy_seconds() - busy) / 0.2 < QUIET_CORES:
            return


def wrk(candidate: Candidate, behind: int, connections: int, seconds: float) -> Measured:
    """One run; `behind` is the process of the backend."""
    wait_for_quiet(PATIENCE_SECONDS)
    command = ["taskset", "-c", "0", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    for name, value in HEADERS.items():
        command += ["-H", f"{name}: {value}"]
    busy, backend, used = busy_seconds(), cpu_seconds(behind), cpu_seconds(candidate.pid)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([*command, candidate.url], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    used = cpu_seconds(candidate.pid) - used
    backend = cpu_seconds(behind) - backend if behind != candidate.pid else 0.0
    foreign = (busy_seconds() - busy - used - backend - spent) / seconds
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"{candidate.name}: {out}")
    return Measured(
        float(found(r"Requests/sec:\s+([\d.]+)", out)[0]),
        milliseconds(out, "50%"),
        milliseconds(out, "99%"),
        used * 1e6 / int(found(r"(\d+) requests in", out)[0]),
        max(foreign, 0.0),
    )


def found(pattern: str, out: str) -> tuple[str, ...]:
    """What wrk says."""
    match = re.search(pattern, out)
    if match is None:
        sys.exit(f"wrk said nothing of {pattern}: {out}")
    return match.groups()


def milliseconds(out: str, percentile: str) -> float:
    """A line of wrk's latency distribution."""
    value, unit = found(percentile + r"\s+([\d.]+)(us|ms|s)", out)
    return float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def measure(title: str, backend: int, behind: int, folder: Path, options: argparse.Namespace) -> Figures:
    """All ways to one backend, in interleaved rounds."""
    python, path = sys.executable, "/api/population/v1/persons"
    ports = {name: free_port() for name in ("nginx", "ours", "silent", "aiohttp")}
    origin = f"http://127.0.0.1:{backend}"
    commands = {
        "nginx": nginx(folder, "passing", PASSING.format(upstream=backend, port=ports["nginx"])),
        "ours": [python, str(HERE / "ours.py"), str(ports["ours"]), origin, "INFO"],
        "silent": [python, str(HERE / "ours.py"), str(ports["silent"]), origin, "WARNING"],
        "aiohttp": [str(aiohttp_python()), str(HERE / "with_aiohttp.py"), str(ports["aiohttp"]), origin],
    }
    with ExitStack() as stack:
        candidates = [Candidate("direct", f"{origin}/v1/persons", behind)]
        for name, command in commands.items():
            pid = stack.enter_context(running(1, ports[name], command, folder / f"{name}.out"))
            candidates.append(Candidate(name, f"http://127.0.0.1:{ports[name]}{path}", pid))
        rounds = [one_round(candidates, behind, options.seconds) for _ in range(2 * options.rounds)]
    rounds.sort(key=lambda one: sum(measured.foreign for measured in one.values()))
    return report(title, [candidate.name for candidate in candidates], rounds[: options.rounds])


def one_round(candidates: list[Candidate], behind: int, seconds: float) -> Round:
    """Every way once with 32 connections and once with one."""
    return {
        (candidate.name, connections): wrk(candidate, behind, connections, seconds)
        for connections in (32, 1)
        for candidate in candidates
    }


def report(title: str, names: list[str], rounds: list[Round]) -> Figures:
    """Print and return the medians."""

    def median(name: str, connections: int, figure: str) -> float:
        return float(statistics.median(getattr(one[name, connections], figure) for one in rounds))

    foreign = statistics.median(measured.foreign for one in rounds for measured in one.values())
    print(f"\n### {title}\n\n(CPU used by others meanwhile: {foreign:.2f} of {os.cpu_count()} cores)\n")
    print("| way | requests/s, 32 connections | of nginx | p50 / p99 ms | CPU us/request | p50 ms, 1 connection |")
    print("|---|---|---|---|---|---|")
    figures: Figures = {}
    for name in names:
        row = {figure: median(name, 32, figure) for figure in ("per_second", "p50_ms", "p99_ms", "cpu_us")}
        row["of_nginx"] = statistics.median(one[name, 32].per_second / one["nginx", 32].per_second for one in rounds)
        row["alone_ms"] = median(name, 1, "p50_ms")
        figures[name] = row
        line = (
            "| {} | {per_second:,.0f} | {of_nginx:.2f} | {p50_ms:.2f} / {p99_ms:.2f} | {cpu_us:.0f} | {alone_ms:.3f} |"
        )
        print(line.format(name, **row))
    return figures


def main() -> None:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that the servers are stopped as well
    if missing := [tool for tool in ("nginx", "wrk", "taskset") if shutil.which(tool) is None]:
        sys.exit(f"missing: {', '.join(missing)}; apt-get install -y nginx-light wrk util-linux")
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "static" / "v1").mkdir(parents=True)
        (folder / "static" / "v1" / "persons").write_bytes(b"x" * 944)
        static, service = free_port(), free_port()
        files = nginx(folder, "static", STATIC.format(port=static, folder=folder))
        static_pid = stack.enter_context(running(0, static, files))
        service_pid = stack.enter_context(running(0, service, [sys.executable, str(HERE / "backend.py"), str(service)]))
        trivial = measure("Trivial backend: nginx, a static file of 944 bytes", static, static_pid, folder, options)
        real = measure("Real backend: Starlette on uvicorn, one worker", service, service_pid, folder, options)
    (STATE / "figures.json").write_text(json.dumps({"trivial": trivial, "real": real}, indent=2))
    goals = [("trivial", trivial["ours"]["of_nginx"], 0.15, 0.30), ("real", real["ours"]["of_nginx"], 0.5, 0.85)]
    for backend, reached, goal, aim in goals:
        print(
            f"\n{backend}: {reached:.2f} of nginx, goal {goal}, aim {aim}: {'reached' if reached >= goal else 'MISSED'}"
        )
    sys.exit(any(reached < goal for _, reached, goal, _ in goals))


if __name__ == "__main__":
    main()
