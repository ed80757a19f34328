"""Areas as files: GeoJSON, GeoPackage and zipped Shapefile, written and read in any coordinate system they name."""

import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import pyproj
import shapely
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from gis_svc.shapes import DECIMALS
from grid_kernel import geo
from grid_kernel.geo import Crs

MOST_FEATURES = 5_000
MOST_UNPACKED = 100 * 1024 * 1024
MOST_VERTICES = 500_000
_GEOGRAPHIC = 4490
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_NAMED = re.compile(r"(?:urn:ogc:def:crs:)?(?:EPSG|OGC):[0-9.]*:?[A-Za-z0-9]{1,10}")
"""How GeoJSON may name a system; anything PROJ would open a file for is none."""
_SHIFTED = (Crs.GCJ02, Crs.BD09)


class FileFormat(StrEnum):
    """The formats areas are exchanged in."""

    GEOJSON = "geojson"
    GEOPACKAGE = "gpkg"
    SHAPEFILE = "shp"


class OutCrs(StrEnum):
    """The systems areas go out in."""

    CGCS2000 = "EPSG:4490"
    WGS84 = "EPSG:4326"
    WEB_MERCATOR = "EPSG:3857"


MEDIA_TYPES = {
    FileFormat.GEOJSON: "application/geo+json",
    FileFormat.GEOPACKAGE: "application/geopackage+sqlite3",
    FileFormat.SHAPEFILE: "application/zip",
}
SUFFIXES = {FileFormat.GEOJSON: "geojson", FileFormat.GEOPACKAGE: "gpkg", FileFormat.SHAPEFILE: "zip"}
_DRIVERS = {FileFormat.GEOPACKAGE: "GPKG", FileFormat.SHAPEFILE: "ESRI Shapefile"}
# A Shapefile cuts names off at ten letters: so they are short in every format.
FIELDS = (
    "code",
    "name",
    "level",
    "parent",
    "grid_type",
    "kind",
    "source",
    "official",
    "synthetic",
    "valid_from",
    "valid_to",
    "area_m2",
)


class UnreadableFileError(Exception):
    """The file is none of the format it is said to be, or says nothing of where its numbers lie."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True, slots=True)
class Shape:
    """A feature of a file: what it says, and its shape in CGCS2000; None when it has none."""

    properties: Mapping[str, Any]
    geometry: BaseGeometry | None


def write(rows: Sequence[Mapping[str, Any]], file_format: FileFormat, crs: OutCrs) -> bytes:
    """Areas as a file. Rows have FIELDS and `outline` (WKB)."""
    surfaces = shapely.from_wkb(np.array([row["outline"] for row in rows], dtype=object))
    if crs is OutCrs.WEB_MERCATOR:
        surfaces = shapely.transform(surfaces, _mover(_GEOGRAPHIC, crs.value))
    if file_format is FileFormat.GEOJSON:
        return _as_geojson(rows, surfaces, crs)
    columns = [np.array([_cell(row[name]) for row in rows], dtype=object) for name in FIELDS]
    with tempfile.TemporaryDirectory() as folder:
        suffix = "gpkg" if file_format is FileFormat.GEOPACKAGE else "shp"
        pyogrio.raw.write(
            Path(folder) / f"areas.{suffix}",
            geometry=shapely.to_wkb([_multiple(surface) for surface in surfaces]),
            field_data=columns,
            fields=list(FIELDS),
            geometry_type="MultiPolygon",
            crs=crs.value,
            driver=_DRIVERS[file_format],
            encoding="UTF-8",
        )
        return _packed(Path(folder), suffix)


def _packed(folder: Path, suffix: str) -> bytes:
    if suffix == "gpkg":
        return (folder / "areas.gpkg").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)
    return packed.getvalue()


def _cell(value: Any) -> Any:
    """Words and numbers as they are, days and truths in words: what every format can hold."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if value is None or isinstance(value, float) else str(value)


def _multiple(surface: BaseGeometry) -> BaseGeometry:
    return MultiPolygon([surface]) if isinstance(surface, Polygon) else surface


def _as_geojson(rows: Sequence[Mapping[str, Any]], surfaces: Any, crs: OutCrs) -> bytes:
    features = [
        {
            "type": "Feature",
            "id": row["code"],
            "properties": {name: row[name] for name in FIELDS},
            "geometry": mapping(surface),
        }
        for row, surface in zip(rows, surfaces, strict=True)
    ]
    # RFC 7946 knows WGS 84 alone; its forerunner of 2008 names any other so, and every reader still takes it.
    name = (
        f"urn:ogc:def:crs:EPSG::{crs.removeprefix('EPSG:')}"
        if crs is not OutCrs.WGS84
        else "urn:ogc:def:crs:OGC:1.3:CRS84"
    )
    said = {"type": "name", "properties": {"name": name}}
    return orjson.dumps({"type": "FeatureCollection", "name": "areas", "crs": said, "features": features})


def read(content: bytes, file_format: FileFormat, told: Crs | None) -> list[Shape]:
    """The features of a file in CGCS2000.

    `told` is the system a person says the numbers are of: needed where the file names none, and for GCJ-02 and
    BD-09, which no file can name. UnreadableFileError otherwise.
    """
    properties, surfaces, crs = _content(content, file_format)
    if len(properties) > MOST_FEATURES:
        raise UnreadableFileError("too-many-features", most=MOST_FEATURES)
    if int(shapely.get_num_coordinates(surfaces).sum()) > MOST_VERTICES:
        raise UnreadableFileError("too-many-vertices", most=MOST_VERTICES)
    ours = _to_ours(shapely.force_2d(surfaces), crs, told)
    return [Shape(said, each) for said, each in zip(properties, ours, strict=True)]


def _content(content: bytes, file_format: FileFormat) -> tuple[list[dict[str, Any]], Any, str | None]:
    if file_format is FileFormat.GEOJSON:
        return _from_geojson(content)
    with tempfile.TemporaryDirectory() as folder:
        path = _unpacked(content, file_format, Path(folder))
        try:
            meta, _, wkb, columns = pyogrio.raw.read(path, max_features=MOST_FEATURES + 1)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, RuntimeError):
            raise UnreadableFileError("file-unreadable") from None
    names = [str(name).lower() for name in meta["fields"]]
    if wkb is None:
        raise UnreadableFileError("file-without-shapes")
    rows = [dict(zip(names, map(_plain, row), strict=True)) for row in zip(*columns, strict=True)]
    rows = rows or [{} for _ in wkb]
    return rows, shapely.from_wkb(np.array(wkb, dtype=object), on_invalid="ignore"), meta["crs"]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _unpacked(content: bytes, file_format: FileFormat, folder: Path) -> Path:
    if file_format is FileFormat.GEOPACKAGE:
        if not content.startswith(b"SQLite format 3\0"):
            raise UnreadableFileError("file-unreadable")
        path = folder / "areas.gpkg"
        path.write_bytes(content)
        return path
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise UnreadableFileError("file-unreadable") from None
    return folder / "areas.shp"


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """The parts of the one Shapefile in an archive, under names of ours; nothing else leaves it."""
    members = [m for m in archive.infolist() if Path(m.filename).suffix.lower() in _PARTS and not m.is_dir()]
    if sum(Path(m.filename).suffix.lower() == ".shp" for m in members) != 1:
        raise UnreadableFileError("not-one-shapefile")
    if sum(m.file_size for m in members) > MOST_UNPACKED:
        raise UnreadableFileError("unpacks-too-large", most=MOST_UNPACKED // 1024 // 1024)
    for member in members:
        with archive.open(member) as packed:
            unpacked = packed.read(MOST_UNPACKED + 1)
        (folder / f"areas{Path(member.filename).suffix.lower()}").write_bytes(unpacked)


def _from_geojson(content: bytes) -> tuple[list[dict[str, Any]], Any, str | None]:
    try:
        document = orjson.loads(content)
        features = document["features"]
        rows = [{str(k).lower(): v for k, v in (f.get("properties") or {}).items()} for f in features]
        surfaces = [shape(f["geometry"]) if f.get("geometry") else None for f in features]
        named = (document.get("crs") or {"properties": {"name": "OGC:CRS84"}})["properties"]["name"]
    except (orjson.JSONDecodeError, ShapelyError, KeyError, TypeError, ValueError, AttributeError):
        raise UnreadableFileError("file-unreadable") from None
    if not _NAMED.fullmatch(str(named)):
        raise UnreadableFileError("crs-unknown")
    return rows, np.array(surfaces, dtype=object), str(named)


def _to_ours(surfaces: Any, crs: str | None, told: Crs | None) -> Iterator[BaseGeometry | None]:
    if crs is None and told is None:
        raise UnreadableFileError("crs-unknown")
    if told in _SHIFTED or crs is None:
        moved = shapely.transform(surfaces, lambda xy: _shifted(xy, told or Crs.CGCS2000))
    else:
        moved = shapely.transform(surfaces, _mover(crs, _GEOGRAPHIC))
    coordinates = shapely.get_coordinates(moved)
    if not (np.isfinite(coordinates).all() and (abs(coordinates) <= (180, 90)).all()):
        raise UnreadableFileError("outside-the-world")
    return iter(shapely.transform(moved, lambda xy: np.round(xy, DECIMALS)).tolist())


def _shifted(xy: Any, crs: Crs) -> Any:
    return np.column_stack(geo.to_cgcs2000_many(xy[:, 0], xy[:, 1], crs))


def _mover(crs: object, to: object) -> Callable[[Any], Any]:
    try:
        transform = pyproj.Transformer.from_crs(crs, to, always_xy=True).transform
    except CRSError:
        raise UnreadableFileError("crs-unknown") from None
    return lambda xy: np.column_stack(transform(xy[:, 0], xy[:, 1]))
