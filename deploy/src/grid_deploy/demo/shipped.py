"""What the services ship: their area data, catalogue and code tables."""

import csv
from importlib.resources import files


def shipped(package: str, name: str) -> str:
    """The text of a file in the `data` folder of a service, code tables included."""
    data = files(package) / "data"
    place = data / "code_tables" / name
    return (place if place.is_file() else data / name).read_text("utf-8")


def table(package: str, name: str) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(shipped(package, f"{name}.csv").splitlines()))
