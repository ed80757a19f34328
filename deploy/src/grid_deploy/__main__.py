"""The command line: python -m grid_deploy up | down | status | logs | … ; `make` is a shorter way to say it."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from grid_deploy import commands, engines, handing_out, migrations, seeding, stack, watching
from grid_deploy.errors import DeployError
from grid_deploy.provision import provision
from grid_deploy.settings import ROOT, SERVICES, Settings, read_dotenv

Act = Callable[[Settings, Mapping[str, str], argparse.Namespace], None]


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line says; a failure is one message and exit status 1."""
    options = _parser().parse_args(arguments)
    os.environ.update({name: value for name, value in read_dotenv(ROOT / ".env").items() if name not in os.environ})
    try:
        _ACTS[options.act](Settings.load(), os.environ, options)
    except DeployError as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"无权访问 / no access to {error.filename}: it belongs to another user, run as that one")
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m grid_deploy", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    helps = {
        "up": "start everything, in the background",
        "down": "stop everything that was started here",
        "status": "what runs",
        "clean": "stop everything and remove the state folder's contents",
        "provision": "databases, roles and secrets",
        "migrate": "bring all databases to the newest revision",
        "seed": "load the demo, once",
        "demo-reset": "empty everything and load the demo anew",
    }
    for name, text in helps.items():
        acts.add_parser(name, help=text)
    logs = acts.add_parser("logs", help="the logs, followed")
    logs.add_argument("names", nargs="*", metavar="NAME")
    logs.add_argument("--lines", type=int, default=15)
    logs.add_argument("--no-follow", dest="follow", action="store_false")
    migration = acts.add_parser("migration", help="write a new migration from the models")
    migration.add_argument("--service", required=True)
    migration.add_argument("--message", required=True)
    hand_out = acts.add_parser("hand-out", help="copy secrets into one folder per container")
    hand_out.add_argument("to", choices=["engines", "services"])
    hand_out.add_argument("folder", type=Path)
    letters = acts.add_parser("dead-letters", help="events no handler could take; with ids or all: replay them")
    letters.add_argument("replay", nargs="*", metavar="ID")
    return parser


def _up(settings: Settings, environ: Mapping[str, str], _: argparse.Namespace) -> None:
    stack.up(settings, environ)


def _down(settings: Settings, _: Mapping[str, str], __: argparse.Namespace) -> None:
    stack.down(settings)


def _status(settings: Settings, environ: Mapping[str, str], _: argparse.Namespace) -> None:
    if not watching.print_status(settings, environ):
        sys.exit(3)


def _logs(settings: Settings, _: Mapping[str, str], options: argparse.Namespace) -> None:
    watching.print_logs(settings, options.names, lines=options.lines, follow=options.follow)


def _clean(settings: Settings, _: Mapping[str, str], __: argparse.Namespace) -> None:
    stack.clean(settings)


def _provision(settings: Settings, _: Mapping[str, str], __: argparse.Namespace) -> None:
    asyncio.run(provision(engines.start(settings).admin_url, settings.secrets_dir, settings.cipher_suite))


def _migrate(settings: Settings, environ: Mapping[str, str], _: argparse.Namespace) -> None:
    started = engines.start(settings)
    asyncio.run(provision(started.admin_url, settings.secrets_dir, settings.cipher_suite))
    migrations.migrate(started, environ)


def _migration(settings: Settings, environ: Mapping[str, str], options: argparse.Namespace) -> None:
    migrations.write(stack.prepare(settings, environ), options.service, options.message, environ)


def _seed(settings: Settings, environ: Mapping[str, str], _: argparse.Namespace) -> None:
    loaded = seeding.load_once(stack.prepare(settings, environ), environ)
    print(
        "演示数据已载入 / demo loaded" if loaded else "演示数据已存在 / the demo is there: make demo-reset restores it"
    )


def _demo_reset(settings: Settings, environ: Mapping[str, str], _: argparse.Namespace) -> None:
    stack.demo_reset(settings, environ)


def _dead_letters(settings: Settings, environ: Mapping[str, str], options: argparse.Namespace) -> None:
    told = [(process, ("dead-letters", *options.replay)) for process in SERVICES]
    printed = "".join(commands.in_services(engines.start(settings), told, environ))
    print(printed.rstrip() or "没有死信 / no dead letters")


def _hand_out(settings: Settings, _: Mapping[str, str], options: argparse.Namespace) -> None:
    hand_out = {"engines": handing_out.hand_out_to_engines, "services": handing_out.hand_out_to_services}
    hand_out[options.to](settings, options.folder)


_ACTS: dict[str, Act] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "logs": _logs,
    "clean": _clean,
    "provision": _provision,
    "migrate": _migrate,
    "migration": _migration,
    "seed": _seed,
    "demo-reset": _demo_reset,
    "hand-out": _hand_out,
    "dead-letters": _dead_letters,
}

if __name__ == "__main__":
    main()
