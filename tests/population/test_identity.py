"""A resident comes by the provincial identity provider instead of the window; whatever does not fit opens nothing."""

import asyncio
import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr, ValidationError
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.runtime import Runtime
from population_svc.identity import IdentityProvider, open_identity
from population_svc.rules import OwnSignInRefused
from population_svc.settings import PopulationSettings

CLIENT, SECRET, BACK = "grid-150204", "a secret of ours", "https://grid.example/mine/signed-in"
OPENINGS = "/own-record/sign-ins/openings"


class Provider:
    """An identity provider on the loopback: one person signs in; it answers as it is told."""

    def __init__(self) -> None:
        self.key: Any = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"})
        self.issuer = ""
        self.number: str | None = None
        self.at_userinfo = False
        self.instead: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.paths: list[str] = []
        self.status = 200

    def signs_in(self, address: str) -> dict[str, str]:
        """What the browser brings back after somebody signed in at the address."""
        asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        while line := await reader.readline():
            headers = {}
            while name := (await reader.readline()).strip():
                key, _, value = name.decode().partition(":")
                headers[key.lower()] = value.strip()
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            path = line.split()[1].decode()
            self.paths.append(path)
            status, told = self._answer(path, headers, {k: v[0] for k, v in parse_qs(body.decode()).items()})
            content = orjson.dumps(told)
            head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content)
            await writer.drain()
        writer.close()

    def _answer(self, path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "/.well-known/openid-configuration":
            ends = {"authorization_endpoint": "/sign-in", "token_endpoint": "/token", "jwks_uri": "/keys"}
            ends |= {"userinfo_endpoint": "/person"}
            return self.status, {"issuer": self.issuer} | {k: self.issuer + v for k, v in ends.items()} | self.about
        if path == "/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/person":
            assert headers["authorization"] == "Bearer of-the-person"
            return 200, {"sub": "p1", "id_number": self.number} | self.instead
        return self._token(headers, form)

    def _token(self, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.codes.pop(form.get("code", ""), None)
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if headers.get("authorization") != f"Basic {known}" or asked is None or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        moment = int(clock.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "p1", "nonce": asked["nonce"], "iat": moment}
        claims |= {"exp": moment + 300} | ({} if self.at_userinfo else {"id_number": self.number})
        signing = self.instead.pop("key", self.key)
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims | self.instead, signing, algorithms=["RS256"])
        return 200, {"id_token": token, "access_token": "of-the-person", "token_type": "Bearer"}


def settings_of(runtime: Runtime, issuer: str) -> PopulationSettings:
    """The settings of the service with a provider."""
    more = {"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_redirect_uri": BACK}
    given = dict(runtime.settings) | more | {"oidc_client_secret": SecretStr(SECRET), "oidc_timeout_seconds": 1.0}
    return PopulationSettings.model_validate(given)


@pytest.fixture
async def provider(runtime: Runtime) -> AsyncIterator[Provider]:
    """A running provider this service is registered with."""
    made = Provider()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.issuer = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    runtime.extra["identity"] = IdentityProvider(settings_of(runtime, made.issuer), runtime.keys)
    yield made
    runtime.extra.pop("identity", None)
    server.close()


async def begun(api: Api) -> dict[str, Any]:
    """A sign-in as it begins."""
    answer = await api.post(None, "/own-record/sign-ins", {})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def back(api: Api, provider: Provider) -> dict[str, str]:
    """What a browser brings back from the provider, with its ticket."""
    sign_in = await begun(api)
    return {"ticket": sign_in["ticket"]} | provider.signs_in(sign_in["address"])


@pytest.mark.parametrize("at_userinfo", [False, True])
async def test_whoever_the_provider_vouches_for_reaches_the_own_record(
    api: Api, place: Place, provider: Provider, caplog: pytest.LogCaptureFixture, *, at_userinfo: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    born = person("赵六")
    await api.registered(place.worker, place.household(born))
    provider.number, provider.at_userinfo = born["idNumber"].lower(), at_userinfo
    assert (await api.get(None, "/own-record/ways")).json() == {"signIn": True}
    asked = parse_qs(urlsplit((await begun(api))["address"]).query)
    assert (asked["client_id"], asked["redirect_uri"], asked["scope"]) == ([CLIENT], [BACK], ["openid"])
    assert (asked["response_type"], asked["code_challenge_method"]) == (["code"], ["S256"])
    opened = await api.post(None, OPENINGS, await back(api, provider))
    assert opened.status_code == 200, opened.text
    own = await api.post(None, "/own-record", {"secret": opened.json()["secret"]})
    assert (own.json()["name"], own.json()["phone"]) == ("赵六", born["phone"])
    assert born["idNumber"] not in caplog.text
    assert not any(born["idNumber"] in path for path in provider.paths)


async def test_nobody_registered_is_told_so_and_gets_nothing(api: Api, provider: Provider) -> None:
    provider.number = person()["idNumber"]
    refused(await api.post(None, OPENINGS, await back(api, provider)), 404, "own-record-unknown")
    provider.number = None
    refused(await api.post(None, OPENINGS, await back(api, provider)), 403, "own-sign-in-refused")


MINUTE = 60
NOW = int(clock.now().timestamp())


@pytest.mark.parametrize(
    "instead",
    [
        {"iss": "https://another.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": NOW - 2 * MINUTE},
        {"exp": None},
        {"iat": NOW + 60 * MINUTE},
        {"sub": None},
        {"key": RSAKey.generate_key(2048, {"kid": "k1"})},
    ],
    ids="-".join,
)
async def test_a_token_that_does_not_fit_opens_nothing(
    api: Api, place: Place, provider: Provider, instead: dict[str, Any]
) -> None:
    born = person("孙七")
    await api.registered(place.worker, place.household(born))
    provider.number, provider.instead = born["idNumber"], dict(instead)
    refused(await api.post(None, OPENINGS, await back(api, provider)), 403, "own-sign-in-refused")
    provider.instead = {}
    assert (await api.post(None, OPENINGS, await back(api, provider))).status_code == 200


async def test_an_unsigned_token_and_one_under_a_public_key_open_nothing(api: Api, provider: Provider) -> None:
    for head in ({"alg": "none"}, {"alg": "HS256"}):
        answer = await back(api, provider)
        claims = {"iss": provider.issuer, "aud": CLIENT, "sub": "p1", "exp": NOW + 300, "iat": NOW}
        parts = [base64.urlsafe_b64encode(orjson.dumps(each)).decode().rstrip("=") for each in (head, claims)]
        provider._token = lambda *_, token=".".join([*parts, ""]): (200, {"id_token": token})  # type: ignore[method-assign]  # its answer is what is tried
        refused(await api.post(None, OPENINGS, answer), 403, "own-sign-in-refused")


async def test_what_another_browser_began_or_was_used_before_opens_nothing(
    api: Api, place: Place, provider: Provider
) -> None:
    born = person("周八")
    await api.registered(place.worker, place.household(born))
    provider.number = born["idNumber"]
    mine, other = await back(api, provider), await back(api, provider)
    refused(await api.post(None, OPENINGS, mine | {"ticket": other["ticket"]}), 403, "own-sign-in-refused")
    refused(await api.post(None, OPENINGS, mine | {"code": other["code"]}), 403, "own-sign-in-refused")
    mine = await back(api, provider)
    assert (await api.post(None, OPENINGS, mine)).status_code == 200
    refused(await api.post(None, OPENINGS, mine), 403, "own-sign-in-refused")
    for broken in ("x", mine["ticket"][:-2], "A" * 200):
        refused(await api.post(None, OPENINGS, mine | {"ticket": broken}), 403, "own-sign-in-refused")


async def test_a_sign_in_is_good_for_ten_minutes(runtime: Runtime, provider: Provider) -> None:
    identity, now = runtime.extra["identity"], clock.now()
    sign_in = await identity.begin(now)
    given = provider.signs_in(sign_in.address)
    provider.number = person()["idNumber"]
    with pytest.raises(OwnSignInRefused):
        await identity.finish(sign_in.ticket, given["state"], given["code"], now + timedelta(minutes=10))
    assert await identity.finish(sign_in.ticket, given["state"], given["code"], now + timedelta(minutes=5))


async def test_a_key_that_came_since_is_asked_for_once_more(api: Api, place: Place, provider: Provider) -> None:
    born = person("吴九")
    await api.registered(place.worker, place.household(born))
    provider.number = born["idNumber"]
    assert (await api.post(None, OPENINGS, await back(api, provider))).status_code == 200
    provider.key = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256"})
    assert (await api.post(None, OPENINGS, await back(api, provider))).status_code == 200
    assert provider.paths.count("/keys") == 2
    assert provider.paths.count("/.well-known/openid-configuration") == 1


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({"issuer": "https://another.example"}, 200),
        ({"token_endpoint": "http://another.example/token"}, 200),
        ({"authorization_endpoint": None}, 200),
        ({}, 503),
    ],
)
async def test_a_provider_that_is_away_or_says_another_is_told(
    api: Api, provider: Provider, about: dict[str, Any], status: int
) -> None:
    provider.about, provider.status = about, status
    refused(await api.post(None, "/own-record/sign-ins", {}), 503, "identity-provider-away")


async def test_without_a_setting_there_is_no_such_way(api: Api, runtime: Runtime) -> None:
    assert (await api.get(None, "/own-record/ways")).json() == {"signIn": False}
    refused(await api.post(None, "/own-record/sign-ins", {}), 404, "own-sign-in-not-offered")
    opening = {"ticket": "x", "state": "s" * 43, "code": "c"}
    refused(await api.post(None, OPENINGS, opening), 404, "own-sign-in-not-offered")
    for issuer, opened in (("https://id.example", True), (None, False)):
        settings = settings_of(runtime, issuer) if issuer else runtime.settings
        other = replace(runtime, settings=settings, extra={})
        async with open_identity(other):
            assert ("identity" in other.extra) is opened
    with pytest.raises(ValidationError, match="oidc_client_secret"):
        PopulationSettings.model_validate(
            dict(settings_of(runtime, "https://id.example")) | {"oidc_client_secret": None}
        )
