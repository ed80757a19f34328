"""Under which account PostgreSQL runs: it refuses to be root, and this program may well be."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grid_deploy.errors import DeployError

_NAMESPACE_ID = "1000"


@dataclass(frozen=True)
class Account:
    """A way to run a program: as we are, under another uid, or as root seen as somebody else in a namespace."""

    prefix: tuple[str, ...] = ()
    uid: int | None = None
    gid: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Arguments for subprocess."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, folder: Path) -> None:
        """Give a folder to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(folder, self.uid, self.gid)

    def can_use(self, folder: Path, program: Path) -> bool:
        """Whether this account gets into the folder, may write there and can run the program."""
        script = 'cd "$1" && test -w . && "$2" --version'
        command = [*self.prefix, "/bin/sh", "-c", script, "sh", str(folder), str(program)]
        try:
            return subprocess.run(command, capture_output=True, timeout=20, check=False, **self.options).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False


def choose(folder: Path, program: Path) -> Account:
    """The first account that can run PostgreSQL on this folder; an existing cluster keeps its owner."""
    owner = _owner_of_cluster(folder)
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise DeployError(
                f"{folder} 属于其他用户 {_name(owner)} / belongs to {_name(owner)}: "
                "run as that user, or set GRID_STATE_DIR to another folder"
            )
        return Account()
    candidates = _candidates(folder) if owner is None else iter([_under(owner)])
    for account in candidates:
        account.own(folder)
        if account.can_use(folder, program):
            return account
    raise DeployError(
        f"PostgreSQL 不能以 root 运行,此处也不允许用户命名空间 / PostgreSQL does not run as root, and "
        "user namespaces are refused here: run as an ordinary user, "
        f"or set GRID_STATE_DIR to a folder that everybody may enter ({folder})"
    )


def _candidates(folder: Path) -> Iterator[Account]:
    yield _namespace()
    project_owner = folder.parent.parent.stat().st_uid
    if project_owner != 0:
        yield _under(project_owner)
    yield _under(pwd.getpwnam("nobody").pw_uid)


def _namespace() -> Account:
    """Root outside, an ordinary user inside: no account is made and no folder is opened to others."""
    unshare = shutil.which("unshare") or "/usr/bin/unshare"
    return Account(prefix=(unshare, "--user", f"--map-user={_NAMESPACE_ID}", f"--map-group={_NAMESPACE_ID}"))


def _under(uid: int | None) -> Account:
    if not uid:
        return _namespace()
    return Account(uid=uid, gid=pwd.getpwuid(uid).pw_gid)


def _owner_of_cluster(folder: Path) -> int | None:
    data = folder / "data"
    return data.stat().st_uid if data.exists() else None


def _name(uid: int | None) -> str:
    try:
        return pwd.getpwuid(uid or 0).pw_name
    except KeyError:
        return str(uid)
