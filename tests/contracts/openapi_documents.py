"""The five OpenAPI documents as files, for linters and generators of clients: `python -m … FOLDER`."""

import json
import sys
from pathlib import Path

from tests.contracts import house


def write(folder: Path) -> list[Path]:
    """Write <service>.openapi.json for each service; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in house.PACKAGES:
        target = folder / f"{name}.openapi.json"
        target.write_text(json.dumps(house.openapi(name), ensure_ascii=False, indent=2) + "\n", "utf-8")
        written.append(target)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]))
