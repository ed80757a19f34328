"""Tokens: verified by whoever is asked, worth nothing when forged, borrowed or late."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from grid_kernel.auth import Actor, Grant, Post, Signer, Verifier
from grid_kernel.errors import Unauthenticated
from grid_kernel.testing import actor

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
STAMP = NOW.timestamp()
KEYS = {name: OKPKey.generate_key("Ed25519", {"kid": name}) for name in ("gateway", "dispute", "outsider")}
PUBLIC = json.dumps({"keys": [KEYS[name].as_dict(private=False) for name in ("gateway", "dispute")]})
WORKER = actor(Post.RESIDENT_SERVICE_OFFICER, "150204006019001", duty="grid")


def signer(name: str) -> Signer:
    return Signer(json.dumps(KEYS[name].as_dict(private=True)))


def refused(token: str, at: float = STAMP) -> bool:
    with pytest.raises(Unauthenticated):
        Verifier(PUBLIC).verify(token, now=at)
    return True


def made(key: Any, header: dict[str, Any], **claims: Any) -> str:
    whole = {"iss": "gateway", "aud": "grid", "nbf": STAMP, "exp": STAMP + 60, "act": WORKER.model_dump(mode="json")}
    return jwt.encode(header, whole | claims, key, algorithms=["Ed25519", "HS256", "ES256"])


GOOD = {"alg": "Ed25519", "kid": "gateway", "typ": "actor+jwt"}


def test_what_the_gateway_mints_every_service_verifies() -> None:
    token = signer("gateway").mint(WORKER, now=NOW)
    assert Verifier(PUBLIC).verify(token, now=STAMP) == WORKER


@pytest.mark.parametrize("later", [-600, 66, 3600])
def test_a_token_is_good_for_its_minute_only(later: int) -> None:
    assert refused(signer("gateway").mint(WORKER, now=NOW), STAMP + later)


def test_a_token_that_was_good_expires_in_the_memory_too() -> None:
    verifier, token = Verifier(PUBLIC), signer("gateway").mint(WORKER, now=NOW)
    verifier.verify(token, now=STAMP)
    with pytest.raises(Unauthenticated):
        verifier.verify(token, now=STAMP + 120)


def test_only_the_gateway_vouches_for_people() -> None:
    assert refused(signer("dispute").mint(WORKER, now=NOW))
    assert refused(signer("gateway").mint(Actor.system("dispute"), now=NOW))
    assert (
        Verifier(PUBLIC).verify(signer("dispute").mint(Actor.system("dispute"), now=NOW), now=STAMP).service
        == "dispute"
    )


def test_an_unknown_key_is_no_key() -> None:
    assert refused(made(KEYS["outsider"], GOOD))
    assert refused(made(KEYS["outsider"], GOOD | {"kid": "outsider"}))


def test_a_key_of_another_service_under_the_gateway_s_name_is_refused() -> None:
    assert refused(made(KEYS["dispute"], GOOD | {"kid": "dispute"}))


@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"iss": "dispute"}, {"nbf": STAMP + 600}, {"exp": STAMP - 60}, {"act": {"kind": "king"}}],
)
def test_a_claim_that_does_not_fit_is_refused(claims: dict[str, Any]) -> None:
    assert refused(made(KEYS["gateway"], GOOD, **claims))


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": None}])
def test_a_token_of_another_type_is_refused(header: dict[str, Any]) -> None:
    kept = {name: value for name, value in (GOOD | header).items() if value is not None}
    assert refused(made(KEYS["gateway"], kept))


def test_no_other_algorithm_is_taken() -> None:
    public = KEYS["gateway"].as_dict(private=False)["x"]
    secret = OctKey.import_key(str(public))
    assert refused(made(secret, {"alg": "HS256", "kid": "gateway", "typ": "actor+jwt"}))
    assert refused(made(ECKey.generate_key("P-256"), {"alg": "ES256", "kid": "gateway", "typ": "actor+jwt"}))
    _, body, _ = made(KEYS["gateway"], GOOD).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"gateway","typ":"actor+jwt"}').rstrip(b"=").decode()
    assert refused(f"{none}.{body}.")
    assert refused(f"{none}.{body}.AAAA")


def test_a_changed_body_and_a_missing_signature_are_refused() -> None:
    head, body, signature = signer("gateway").mint(WORKER, now=NOW).split(".")
    other = signer("gateway").mint(actor(Post.DISTRICT_LEADER, "150204"), now=NOW).split(".")[1]
    assert refused(f"{head}.{other}.{signature}")
    assert refused(f"{head}.{body}.")
    assert refused(f"{head}.{body}")
    assert refused("")
    assert refused("ü.ü.ü")


@pytest.mark.parametrize(
    "trick", [{"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example"}, {"kid": "../../etc"}]
)
def test_a_header_cannot_say_where_the_key_is(trick: dict[str, Any]) -> None:
    try:
        token = made(KEYS["outsider"], GOOD | trick)
    except ValueError:
        return  # not even made
    assert refused(token)


def test_an_actor_knows_areas_units_and_the_grant_of_an_act() -> None:
    grants = (
        Grant(post=Post.STATION_HEAD, area="150204006019", unit="station-150204006019"),
        Grant(post=Post.RESIDENT_SERVICE_OFFICER, area="150204006019001"),
        Grant(post=Post.MEDIATOR, area="150204008"),
    )
    who = Actor(kind="account", id="x", grants=grants)
    assert who.areas() == ("150204006019", "150204008")
    assert who.areas(Post.RESIDENT_SERVICE_OFFICER) == ("150204006019001",)
    assert who.areas(Post.ARBITER) == ()
    assert who.units() == ("station-150204006019",)
    assert who.holds(Post.STATION_HEAD, area="150204006019002")
    assert not who.holds(Post.STATION_HEAD, area="150204006018")
    grant = who.grant_for("150204006019001")
    assert grant is not None
    assert grant.post is Post.RESIDENT_SERVICE_OFFICER


def test_a_token_for_a_resident_is_for_one_thing() -> None:
    grant = Grant(post=Post.RESIDENT, area="150204006019", resource="application:1")
    resident = Actor(kind="resident", id="application:1", grants=(grant,))
    token = signer("gateway").mint(resident, now=NOW, seconds=int(timedelta(minutes=30).total_seconds()))
    assert Verifier(PUBLIC).verify(token, now=STAMP + 1700) == resident
