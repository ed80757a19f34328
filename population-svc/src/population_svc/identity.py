"""The provincial identity provider: OpenID Connect, authorization code with PKCE. Off unless an issuer is configured.

What has to come back (state, nonce, verifier) travels sealed with the person's own browser, so that nothing is kept
here of somebody who never returns, and nobody else's browser can finish what one began.
"""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from grid_kernel.crypto import CryptoFault, Keys
from grid_kernel.runtime import Runtime
from grid_kernel.upstream import UpstreamLimits, upstream_client
from population_svc.rules import IdentityProviderAway, OwnSignInNotOffered, OwnSignInRefused
from population_svc.settings import PopulationSettings

TICKET = "population.own_sign_in"
LASTS = timedelta(minutes=10)
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_LEEWAY = 60
_KEPT_SECONDS = 3600.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the person signs in, and what the browser brings back with the answer."""

    address: str
    ticket: str
    ends_at: datetime


@dataclass
class IdentityProvider:
    """One provider, as this service is registered with it."""

    settings: PopulationSettings
    keys: Keys
    _known: dict[str, tuple[float, Mapping[str, Any]]] = field(default_factory=dict)

    async def begin(self, now: datetime) -> Begun:
        """An address at the provider, good for ten minutes."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        ends_at = now + LASTS
        about = await self._discovered()
        asked = {
            "response_type": "code",
            "client_id": self.settings.oidc_client_id,
            "redirect_uri": self.settings.oidc_redirect_uri,
            "scope": self.settings.oidc_scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": _plain(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        told = orjson.dumps({"state": state, "nonce": nonce, "verifier": verifier, "until": ends_at.timestamp()})
        ticket = _plain(self.keys.encrypt(told, TICKET))
        joint = "&" if "?" in about["authorization_endpoint"] else "?"
        return Begun(f"{about['authorization_endpoint']}{joint}{urlencode(asked)}", ticket, ends_at)

    async def finish(self, ticket: str, state: str, code: str, now: datetime) -> str:
        """The identity number the provider vouches for; OwnSignInRefused when anything does not fit."""
        begun = self._begun(ticket)
        if not secrets.compare_digest(begun["state"], state) or now.timestamp() >= begun["until"]:
            raise OwnSignInRefused
        about = await self._discovered()
        granted = await self._exchanged(about, code, begun["verifier"])
        claims = await self._verified(about, str(granted.get("id_token", "")), begun["nonce"], now)
        number = claims.get(self.settings.oidc_number_claim)
        if number is None and about.get("userinfo_endpoint"):
            number = await self._asked_for(about["userinfo_endpoint"], granted, claims["sub"])
        if not isinstance(number, str) or not number.strip():
            raise OwnSignInRefused
        return number.strip()

    def _begun(self, ticket: str) -> dict[str, Any]:
        try:
            sealed = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
            told: dict[str, Any] = orjson.loads(self.keys.decrypt(sealed, TICKET))
        except (ValueError, CryptoFault):
            raise OwnSignInRefused from None
        return told

    async def _discovered(self) -> Mapping[str, Any]:
        issuer = str(self.settings.oidc_issuer)
        about = await self._kept(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if about.get("issuer") != issuer or not all(_is_safe(str(about.get(name, ""))) for name in _ENDPOINTS):
            raise IdentityProviderAway
        return about

    async def _kept(self, address: str, *, anew: bool = False) -> Mapping[str, Any]:
        kept = self._known.get(address)
        if kept is None or anew or kept[0] < monotonic():
            kept = self._known[address] = (monotonic() + _KEPT_SECONDS, await self._ask("GET", address))
        return kept[1]

    async def _exchanged(self, about: Mapping[str, Any], code: str, verifier: str) -> Mapping[str, Any]:
        settings = self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": str(settings.oidc_redirect_uri),
            "code_verifier": verifier,
        }
        assert settings.oidc_client_secret is not None  # noqa: S101 - there is a provider only where all is set
        as_us = httpx.BasicAuth(str(settings.oidc_client_id), settings.oidc_client_secret.get_secret_value())
        return await self._ask("POST", about["token_endpoint"], data=form, auth=as_us)

    async def _verified(self, about: Mapping[str, Any], token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        for anew in (False, True):
            # A key that is not known may have come since: they are asked for once more.
            keys = await self._kept(about["jwks_uri"], anew=anew)
            try:
                claims = jwt.decode(token, KeySet.import_key_set({"keys": keys["keys"]}), algorithms=ALGORITHMS).claims
            except (JoseError, KeyError, TypeError, ValueError):
                continue
            self._check(claims, nonce, now)
            return claims
        raise OwnSignInRefused

    def _check(self, claims: Mapping[str, Any], nonce: str, now: datetime) -> None:
        """OpenID Connect Core 3.1.3.7: who says it, to whom, for which sign-in, and until when."""
        heard = claims.get("aud")
        audience = [heard] if isinstance(heard, str) else heard
        us, moment = self.settings.oidc_client_id, now.timestamp()
        expires, issued = claims.get("exp"), claims.get("iat")
        fits = (
            claims.get("iss") == self.settings.oidc_issuer
            and isinstance(audience, list)
            and us in audience
            and claims.get("azp", us) == us
            and isinstance(claims.get("sub"), str)
            and secrets.compare_digest(str(claims.get("nonce", "")), nonce)
            and isinstance(expires, int | float)
            and moment < expires + _LEEWAY
            and isinstance(issued, int | float)
            and issued - _LEEWAY <= moment
        )
        if not fits:
            raise OwnSignInRefused

    async def _asked_for(self, address: str, granted: Mapping[str, Any], subject: str) -> Any:
        if not _is_safe(address):
            raise IdentityProviderAway
        bearer = {"Authorization": f"Bearer {granted.get('access_token', '')}"}
        told = await self._ask("GET", address, headers=bearer)
        if told.get("sub") != subject:
            raise OwnSignInRefused
        return told.get(self.settings.oidc_number_claim)

    async def _ask(self, method: str, address: str, **more: Any) -> Mapping[str, Any]:
        seconds = self.settings.oidc_timeout_seconds
        limits = UpstreamLimits(connections=1, first_byte_seconds=seconds, total_seconds=2 * seconds)
        try:
            async with upstream_client(address, limits=limits) as client:
                answer = await client.request(method, address, **more)
            told = orjson.loads(answer.content)
        except (httpx.HTTPError, orjson.JSONDecodeError):
            # Its words could hold the address, and that the code of somebody.
            raise IdentityProviderAway(headers={"Retry-After": "30"}) from None
        if answer.is_client_error:
            raise OwnSignInRefused
        if not answer.is_success or not isinstance(told, dict):
            raise IdentityProviderAway(headers={"Retry-After": "30"})
        return told


def _plain(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _is_safe(address: str) -> bool:
    """Encrypted on the way, or on this machine."""
    url = httpx.URL(address)
    return url.scheme == "https" or (url.scheme == "http" and url.host in _LOOPBACK)


def is_offered(runtime: Runtime) -> bool:
    """Whether people can come by an identity provider."""
    return "identity" in runtime.extra


def identity_of(runtime: Runtime) -> IdentityProvider:
    """The provider of a process; OwnSignInNotOffered where none is configured."""
    found: IdentityProvider | None = runtime.extra.get("identity")
    if found is None:
        raise OwnSignInNotOffered
    return found


@asynccontextmanager
async def open_identity(runtime: Runtime) -> AsyncIterator[None]:
    """Know the provider while the service runs, if one is configured."""
    settings = runtime.settings
    if isinstance(settings, PopulationSettings) and settings.oidc_issuer is not None:
        runtime.extra["identity"] = IdentityProvider(settings, runtime.keys)
    yield
