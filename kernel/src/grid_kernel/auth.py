"""Who acts: an Actor with grants, carried by a short-lived signed token that every service verifies itself."""

import hashlib
import time
from collections import OrderedDict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pydantic import BaseModel, ConfigDict, ValidationError

from grid_kernel.errors import Unauthenticated

AUDIENCE = "grid"
TOKEN_TYPE = "actor+jwt"  # noqa: S105 - a media type
_CACHE_SIZE = 4096
_CACHE_SECONDS = 60.0


class Post(StrEnum):
    """The posts people hold, and the three kinds of grant that are no post."""

    RESIDENT_SERVICE_OFFICER = "resident_service_officer"
    OPINION_COLLECTOR = "opinion_collector"
    PARTY_BUILDING_GUIDE = "party_building_guide"
    STATION_HEAD = "station_head"
    WINDOW_CLERK = "window_clerk"
    STREET_LEADER = "street_leader"
    DISTRICT_LEADER = "district_leader"
    DEPARTMENT_HANDLER = "department_handler"
    MEDIATOR = "mediator"
    ARBITER = "arbiter"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    RESIDENT = "resident"
    PARTNER = "partner"
    SERVICE = "service"


class Grant(BaseModel):
    """One post in force now: where, for which unit, on which duty; or one resource of a resident."""

    model_config = ConfigDict(frozen=True)

    post: Post
    area: str
    unit: str | None = None
    duty: Literal["grid", "window"] | None = None
    resource: str | None = None


class Actor(BaseModel):
    """Account, partner system, resident or service, with the grants in force and the purpose stated."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["account", "partner", "resident", "service"]
    id: str
    grants: tuple[Grant, ...] = ()
    purpose: str | None = None

    @classmethod
    def system(cls, service: str, purpose: str | None = None) -> "Actor":
        """A service acting by itself."""
        return cls(kind="service", id=service, purpose=purpose)

    @property
    def service(self) -> str | None:
        """The name of the service, None for everybody else."""
        return self.id if self.kind == "service" else None

    def areas(self, *posts: Post) -> tuple[str, ...]:
        """Area prefixes of the grants of these posts (all posts when none is named), shortest first, none twice."""
        wanted = {grant.area for grant in self.grants if not posts or grant.post in posts}
        return tuple(sorted(a for a in wanted if not any(a != b and a.startswith(b) for b in wanted)))

    def units(self, *posts: Post) -> tuple[str, ...]:
        """Unit codes of the grants of these posts."""
        found = {grant.unit for grant in self.grants if grant.unit and (not posts or grant.post in posts)}
        return tuple(sorted(found))

    def holds(self, *posts: Post, area: str | None = None) -> bool:
        """Whether one of these posts is in force (at an area that contains the given one)."""
        return any(g.post in posts and (area is None or area.startswith(g.area)) for g in self.grants)

    def grant_for(self, area: str | None) -> Grant | None:
        """The grant an act at an area is done under: the most precise one that contains it, else the first."""
        fitting = [g for g in self.grants if area is not None and area.startswith(g.area)]
        return max(fitting, key=lambda g: len(g.area), default=self.grants[0] if self.grants else None)


class Signer:
    """Mints tokens with the own Ed25519 key; `kid` is the service's name."""

    def __init__(self, private_jwk: str) -> None:
        self._key = OKPKey.import_key(_json(private_jwk))
        self.service = str(self._key.as_dict()["kid"])

    def mint(self, actor: Actor, *, now: datetime, seconds: int = 60) -> str:
        """A token that says who acts, good for so many seconds."""
        issued = int(now.timestamp())
        header = {"alg": "Ed25519", "kid": self.service, "typ": TOKEN_TYPE}
        claims: dict[str, Any] = {
            "iss": self.service,
            "aud": AUDIENCE,
            "iat": issued,
            "nbf": issued,
            "exp": issued + seconds,
            "act": actor.model_dump(mode="json", exclude_defaults=True),
        }
        return jwt.encode(header, claims, self._key, algorithms=["Ed25519"])


class Verifier:
    """Verifies tokens against the public keys of the five; what was verified is remembered for a minute."""

    LEEWAY = 5

    def __init__(self, jwk_set: str) -> None:
        self._keys = KeySet.import_key_set(_json(jwk_set))
        self._known: OrderedDict[bytes, tuple[Actor, float, float]] = OrderedDict()

    def verify(self, token: str, *, now: float) -> Actor:
        """The actor of a token; Unauthenticated when it is forged, expired, or meant for something else."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        known = self._known.get(digest)
        if known and now < known[1] and time.monotonic() < known[2]:
            return known[0]
        actor, expires = self._verify(token, now)
        self._known[digest] = (actor, expires, time.monotonic() + _CACHE_SECONDS)
        if len(self._known) > _CACHE_SIZE:
            self._known.popitem(last=False)
        return actor

    def _verify(self, token: str, now: float) -> tuple[Actor, float]:
        try:
            decoded = jwt.decode(token, self._keys, algorithms=["Ed25519"])
            claims, header = decoded.claims, decoded.header
            actor = Actor.model_validate(claims["act"])
            expires, starts = float(claims["exp"]), float(claims["nbf"])
        except (JoseError, ValidationError, ValueError, KeyError, TypeError):
            raise Unauthenticated from None
        own = claims.get("iss") == header.get("kid") and header.get("typ") == TOKEN_TYPE
        current = starts - self.LEEWAY <= now < expires + self.LEEWAY
        # A service speaks for itself only; people and partners are vouched for by the gateway.
        voucher = claims.get("iss") == (actor.id if actor.kind == "service" else "gateway")
        if not (own and current and voucher and claims.get("aud") == AUDIENCE):
            raise Unauthenticated
        return actor, expires + self.LEEWAY


def _json(text: str) -> Any:
    return orjson.loads(text)


_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A signed actor token, minted by the gateway.")


async def current_actor(request: Request, _: Annotated[object, Depends(_bearer)]) -> Actor:
    """The verified actor of a request."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated(headers={"WWW-Authenticate": "Bearer"})
    actor: Actor = request.state.runtime.verifier.verify(token, now=time.time())
    request.state.actor = actor
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]
