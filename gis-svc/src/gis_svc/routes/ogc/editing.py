"""OGC API – Features Part 4: features created, replaced, changed and removed, on the version the caller has seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import ValidationError
from shapely.geometry.base import BaseGeometry

from gis_svc import rules, shapes
from gis_svc.commands.keepers import KEEPERS, Edit, Keeper, Kept
from gis_svc.location import CurrentPlaces
from gis_svc.ogc.collections import collection_of
from gis_svc.ogc.crs import crs_of
from gis_svc.ogc.links import ROOT, root_of
from gis_svc.routes.grids import AREAS_CHANGE
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import FieldError, InvalidInput, invalid_from
from grid_kernel.routing import GridRouter, IfMatch
from grid_kernel.runtime import Now

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/items")
CHANGES = AREAS_CHANGE
"""Whatever is changed, maps and tiles show it once it is stored."""
_MEMBERS = {"type", "id", "geometry", "properties", "links", "bbox"}


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes a feature of which collection, in which coordinates."""

    request: Request
    collection: str
    keeper: Keeper
    edit: Edit
    crs: str | None

    async def feature(self) -> Mapping[str, Any]:
        """What was sent."""
        return await _feature(self.request)

    def said(self, properties: Any) -> Any:
        """The properties as the keeper takes them; what the server alone says may be sent back unchanged."""
        if not isinstance(properties, dict):
            raise InvalidInput.at("/properties", "not-acceptable")
        told = {name: value for name, value in properties.items() if name not in self.keeper.of_the_server}
        try:
            return self.keeper.said.model_validate(told)
        except ValidationError as error:
            refusal = invalid_from(error)
            raise InvalidInput(errors=[_in_properties(each) for each in refusal.errors]) from None

    def shape(self, feature: Mapping[str, Any]) -> BaseGeometry:
        """The shape that was sent, in our coordinates."""
        return _shape(feature, self.crs)


async def current_editor(
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    places: CurrentPlaces,
    now: Now,
    collection: str,
    crs: Annotated[str | None, Header(alias="Content-Crs", max_length=200)] = None,
) -> Editor:
    """The caller of a change, and who keeps what is changed."""
    return Editor(request, collection, _keeper(collection), Edit(session, actor, places, now), crs)


CurrentEditor = Annotated[Editor, Depends(current_editor, scope="function")]


@router.post("", dependencies=CHANGES)
async def create_item(editor: CurrentEditor) -> Response:
    """Enter a feature; its address is in the answer's Location."""
    feature = await editor.feature()
    said = editor.said(_properties(feature))
    shape = editor.shape(feature)
    identifier = str(feature["id"]) if feature.get("id") else None
    kept = await editor.keeper.enter(editor.edit, shape, said, identifier)
    location = f"{root_of(editor.request)}/collections/{editor.collection}/items/{kept.id}"
    return Response(status_code=201, headers={"Location": location, **_version(kept)})


@router.put("/{feature_id}", dependencies=CHANGES)
async def replace_item(editor: CurrentEditor, feature_id: str, version: IfMatch) -> Response:
    """Put another feature in the place of one."""
    feature = await editor.feature()
    said, shape = editor.said(_properties(feature)), editor.shape(feature)
    kept = await editor.keeper.replace(editor.edit, feature_id, shape, lambda _: said, version)
    return Response(status_code=204, headers=_version(kept))


@router.patch("/{feature_id}", dependencies=CHANGES)
async def update_item(editor: CurrentEditor, feature_id: str, version: IfMatch) -> Response:
    """Change some properties of a feature, its shape, or both (JSON Merge Patch of the feature)."""
    feature = await editor.feature()
    shape = editor.shape(feature) if feature.get("geometry") is not None else None
    given = feature.get("properties", {})

    def merged(present: Mapping[str, Any]) -> Any:
        return editor.said({**present, **given} if isinstance(given, dict) else given)

    kept = await editor.keeper.replace(editor.edit, feature_id, shape, merged, version)
    return Response(status_code=204, headers=_version(kept))


@router.delete("/{feature_id}", dependencies=CHANGES)
async def delete_item(editor: CurrentEditor, feature_id: str, version: IfMatch) -> Response:
    """Take a feature off the map."""
    await editor.keeper.remove(editor.edit, feature_id, version)
    return Response(status_code=204)


@router.options("")
async def get_methods(_: CurrentActor, collection: str) -> Response:
    """What may be done with the items of a collection."""
    return Response(status_code=204, headers={"Allow": ", ".join(collection_of(collection).methods)})


@router.options("/{feature_id}")
async def get_methods_of_one(_: CurrentActor, collection: str, feature_id: str) -> Response:  # noqa: ARG001 - the same for each
    """What may be done with one item of a collection."""
    return Response(status_code=204, headers={"Allow": ", ".join(collection_of(collection).methods_of_one)})


def _keeper(collection: str) -> Keeper:
    if collection_of(collection).id not in KEEPERS:
        raise rules.ReadOnlyLayer
    return KEEPERS[collection]


async def _feature(request: Request) -> Mapping[str, Any]:
    try:
        feature = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise InvalidInput.at("/", "json-invalid") from None
    if not isinstance(feature, dict) or feature.get("type") != "Feature" or feature.keys() - _MEMBERS:
        raise InvalidInput.at("/type", "not-acceptable")
    return feature


def _properties(feature: Mapping[str, Any]) -> Any:
    if not isinstance(properties := feature.get("properties"), dict):
        raise InvalidInput.at("/properties", "missing")
    return properties


def _in_properties(error: FieldError) -> FieldError:
    """An error of a property where it stands in the feature."""
    return FieldError(f"/properties{error.pointer}", error.code, error.params)


def _shape(feature: Mapping[str, Any], crs: str | None) -> BaseGeometry:
    system = crs_of(crs.strip("<> ") if crs else None, "Content-Crs")
    geometry = feature.get("geometry")
    try:
        if not isinstance(geometry, dict):
            raise shapes.ShapeInvalidError("null")
        return shapes.any_of(geometry, system.to_ours)
    except shapes.ShapeInvalidError as error:
        raise InvalidInput.at("/geometry", "shape-invalid", reason=error) from None


def _version(kept: Kept) -> dict[str, str]:
    return {"ETag": f'"{kept.version}"'}
