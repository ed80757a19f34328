"""Files only their owner can read: written once, never overwritten."""

import os
from collections.abc import Callable
from pathlib import Path


def keep(path: Path, content: str) -> None:
    """Write a secret in one step, mode 0600 from its first byte, below folders of mode 0700."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())
    partial.replace(path)


def read_or_make(path: Path, make: Callable[[], str]) -> str:
    """The secret in the file; made and stored when there is none yet."""
    if not path.exists():
        keep(path, make())
    return path.read_text("utf-8").strip()
