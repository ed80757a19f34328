"""OGC API – Features Part 4: features created, replaced, changed and removed, on the version the caller has seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Header, Request
from fastapi.responses import Response
from pydantic import ValidationError
from shapely.geometry.base import BaseGeometry
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import commands, shapes
from gis_svc.commands.placing import REGISTERS, Placed, Register
from gis_svc.location import CurrentPlaces, Places
from gis_svc.ogc.collections import COLLECTIONS
from gis_svc.ogc.crs import crs_of
from gis_svc.ogc.links import ROOT, root_of
from gis_svc.routes.buildings import THINGS_CHANGE
from gis_svc.schemas import PlacedIn
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import FieldError, InvalidInput, MethodNotAllowed, NotFound, invalid_from
from grid_kernel.routing import GridRouter, IfMatch
from grid_kernel.runtime import Now

router = GridRouter(prefix=f"{ROOT}/collections/{{collection}}/items")
_MEMBERS = {"type", "id", "geometry", "properties", "links", "bbox"}


@dataclass(frozen=True, slots=True)
class Editor:
    """Who changes a feature, in which transaction, in which coordinates."""

    request: Request
    session: AsyncSession
    actor: Actor
    places: Places
    now: datetime
    crs: str | None

    async def place(self, register: Register, shape: BaseGeometry, said: PlacedIn, identifier: UUID | None) -> Placed:
        """Enter something."""
        who = (self.session, self.actor, self.places)
        return await commands.place(*who, register, shape, said, now=self.now, identifier=identifier)


async def current_editor(
    request: Request,
    session: WriteSession,
    actor: CurrentActor,
    places: CurrentPlaces,
    now: Now,
    crs: Annotated[str | None, Header(alias="Content-Crs", max_length=200)] = None,
) -> Editor:
    """The caller of a change."""
    return Editor(request, session, actor, places, now, crs)


CurrentEditor = Annotated[Editor, Depends(current_editor, scope="function")]


@router.post("", dependencies=THINGS_CHANGE)
async def create_item(editor: CurrentEditor, collection: str) -> Response:
    """Enter a feature; its address is in the answer's Location."""
    register = _register(collection)
    feature = await _feature(editor.request)
    said = _said(register, _properties(feature))
    shape = _shape(feature, editor.crs)
    identifier = _id(str(feature["id"])) if feature.get("id") else None
    entry = await editor.place(register, shape, said, identifier)
    return Response(
        status_code=201, headers={"Location": _address(editor.request, collection, entry), **_version(entry)}
    )


@router.put("/{feature_id}", dependencies=THINGS_CHANGE)
async def replace_item(editor: CurrentEditor, collection: str, feature_id: str, version: IfMatch) -> Response:
    """Put another feature in the place of one."""
    register, identifier = _register(collection), _id(feature_id)
    feature = await _feature(editor.request)
    said, shape = _said(register, _properties(feature)), _shape(feature, editor.crs)
    entry = await commands.replace(
        editor.session,
        editor.actor,
        editor.places,
        register,
        identifier,
        shape,
        lambda _: said,
        version=version,
        now=editor.now,
    )
    return Response(status_code=204, headers=_version(entry))


@router.patch("/{feature_id}", dependencies=THINGS_CHANGE)
async def update_item(editor: CurrentEditor, collection: str, feature_id: str, version: IfMatch) -> Response:
    """Change some properties of a feature, its shape, or both (JSON Merge Patch of the feature)."""
    register, identifier = _register(collection), _id(feature_id)
    feature = await _feature(editor.request)
    shape = _shape(feature, editor.crs) if feature.get("geometry") is not None else None
    given = feature.get("properties", {})

    def merged(entry: Placed) -> PlacedIn:
        present = register.said.model_validate(entry, from_attributes=True).model_dump(by_alias=True, mode="json")
        return _said(register, {**present, **given} if isinstance(given, dict) else given)

    entry = await commands.replace(
        editor.session,
        editor.actor,
        editor.places,
        register,
        identifier,
        shape,
        merged,
        version=version,
        now=editor.now,
    )
    return Response(status_code=204, headers=_version(entry))


@router.delete("/{feature_id}", dependencies=THINGS_CHANGE)
async def delete_item(editor: CurrentEditor, collection: str, feature_id: str, version: IfMatch) -> Response:
    """Take a feature off the map."""
    register, identifier = _register(collection), _id(feature_id)
    await commands.remove(editor.session, editor.actor, register, identifier, version=version, now=editor.now)
    return Response(status_code=204)


def _register(collection: str) -> Register:
    if collection not in COLLECTIONS:
        raise NotFound
    if collection not in REGISTERS:
        raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})
    return REGISTERS[collection]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


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


def _said(register: Register, properties: Any) -> PlacedIn:
    """The properties as the register takes them; what the server alone says may be sent back unchanged."""
    if not isinstance(properties, dict):
        raise InvalidInput.at("/properties", "not-acceptable")
    told = {name: value for name, value in properties.items() if name not in _OF_THE_SERVER}
    try:
        return register.said.model_validate(told)
    except ValidationError as error:
        refusal = invalid_from(error)
        raise InvalidInput(errors=[_in_properties(each) for each in refusal.errors]) from None


_OF_THE_SERVER = {"id", "areaCode", "source", "synthetic", "version"}


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


def _address(request: Request, collection: str, entry: Placed) -> str:
    return f"{root_of(request)}/collections/{collection}/items/{entry.id}"


def _version(entry: Placed) -> dict[str, str]:
    return {"ETag": f'"{entry.version}"'}
