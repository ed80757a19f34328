"""Names and addresses made by the service, in the words of the labels."""

from collections.abc import Sequence

from gis_svc.rules import COMMUNITY_DIGITS
from grid_kernel.labels import Labels

_LABELS = Labels.load("gis_svc")


def grid_name(community: str, code: str) -> str:
    """The name of a grid nobody named: its community and its number."""
    return _LABELS.text("zh_CN", "texts", "grid-name", community=community, sequence=code[COMMUNITY_DIGITS:])


def station_name(community: str) -> str:
    """The name of a made-up service station."""
    return _LABELS.text("zh_CN", "texts", "station-name", community=community)


def road_name(kind: str) -> str:
    """The name of a made-up road."""
    return _LABELS.text("zh_CN", "texts", f"road-{kind}")


def address(areas: Sequence[str], road: str | None, name: str) -> str:
    """The full address of a building nobody wrote out: areas from the district down, road, name."""
    return "".join([*areas, road or "", name])
