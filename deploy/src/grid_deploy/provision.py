"""Five databases, their roles, and the secrets of the services: made once, checked ever after, never replaced."""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from grid_deploy.errors import DeployError
from grid_deploy.secret_files import keep, read_or_make
from grid_deploy.settings import SERVICES, with_user
from grid_kernel.crypto import Keys, Suite

ROLES = ("owner", "app", "system")
EXTENSIONS = ("btree_gist",)
_SCRAM_ROUNDS = 4096


def write_keys(secrets_dir: Path, suite: Suite = Suite.AES_GCM) -> None:
    """A signing key and data keys per service, and the set of public keys everybody verifies with."""
    public = {jwk["kid"]: jwk for jwk in _known_public_keys(secrets_dir)}
    for service in SERVICES:
        path = signing_key_file(secrets_dir, service.name)
        private = json.loads(read_or_make(path, partial(_new_signing_key, service.name)))
        public[service.name] = {name: value for name, value in private.items() if name != "d"}
        read_or_make(data_keys_file(secrets_dir, service.name), lambda: Keys.generate(suite).to_json())
    verify = json.dumps({"keys": list(public.values())}, indent=1)
    if not (path := verify_keys_file(secrets_dir)).exists() or path.read_text("utf-8") != verify:
        keep(path, verify)


def signing_key_file(secrets_dir: Path, service: str) -> Path:
    """The private Ed25519 JWK of a service."""
    return secrets_dir / "keys" / f"{service}.jwk"


def data_keys_file(secrets_dir: Path, service: str) -> Path:
    """The keys of a service's encrypted and blind-indexed columns."""
    return secrets_dir / "keys" / f"{service}.data-keys.json"


def verify_keys_file(secrets_dir: Path) -> Path:
    """The public keys of all services."""
    return secrets_dir / "keys" / "verify.jwks"


def database_url_file(secrets_dir: Path, service: str, role: str) -> Path:
    """The address of a service's database for one of its roles."""
    return secrets_dir / f"{service}_{role}.url"


async def provision(admin_url: str, secrets_dir: Path, suite: Suite = Suite.AES_GCM) -> None:
    """Make what is missing on the server and in the secrets folder. Running it again changes nothing."""
    admin = await connect(admin_url)
    try:
        await _refuse_lost_keys(admin, admin_url, secrets_dir)
        write_keys(secrets_dir, suite)
        # Two provisioners at once would race for the same roles.
        await admin.execute("select pg_advisory_lock(150204)")
        for service in SERVICES:
            for role in ROLES:
                password = _address(admin_url, secrets_dir, service.name, role)
                await _ensure_role(admin, f"{service.name}_{role}", password)
            await ensure_database(admin, service.database, service.name)
            await _prepare_database(admin_url, service.database, service.name)
    finally:
        await admin.close()


async def connect(url: str) -> asyncpg.Connection:
    """Connect with the administrator's address; DeployError names the setting when that fails."""
    try:
        return await asyncpg.connect(url, timeout=10, server_settings={"application_name": "grid-deploy"})
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        where = urlsplit(url)
        raise DeployError(
            f"无法连接数据库 / cannot connect to PostgreSQL at {where.hostname}:{where.port} ({error}): "
            "check GRID_DATABASE_URL"
        ) from None


async def ensure_database(
    admin: asyncpg.Connection, database: str, service: str, *, template: str = "template0"
) -> None:
    """Create a service's database unless it exists, and let only the service's roles in."""
    if not await admin.fetchval("select exists (select from pg_database where datname = $1)", database):
        encoding = "encoding 'UTF8'" if template == "template0" else ""
        await _act_as(admin, f"{service}_owner")
        await admin.execute(f'create database "{database}" owner "{service}_owner" template "{template}" {encoding}')
    await admin.execute(f'revoke all on database "{database}" from public')
    for role in ("app", "system"):
        await admin.execute(f'grant connect, temporary on database "{database}" to "{service}_{role}"')


async def drop_databases(admin_url: str, databases: Iterable[str]) -> None:
    """Drop databases with everything in them, connections or not."""
    admin = await connect(admin_url)
    try:
        for database in databases:
            await admin.execute(f'drop database if exists "{database}" with (force)')
    finally:
        await admin.close()


def with_database(url: str, database: str) -> str:
    """The same address for another database of the server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


async def _refuse_lost_keys(admin: asyncpg.Connection, admin_url: str, secrets_dir: Path) -> None:
    """New keys for old data would make its encrypted columns unreadable and look like success."""
    databases = {row["datname"] for row in await admin.fetch("select datname from pg_database")}
    for service in SERVICES:
        if service.database not in databases or data_keys_file(secrets_dir, service.name).exists():
            continue
        inside = await connect(with_database(admin_url, service.database))
        try:
            used = await inside.fetchval("select to_regclass('public.alembic_version') is not null")
        finally:
            await inside.close()
        if used:
            raise DeployError(
                f"{service.database} 已有数据而密钥丢失 / holds data, but its keys are missing: "
                f"restore {data_keys_file(secrets_dir, service.name)} from your backup, or drop the database"
            )


async def _prepare_database(admin_url: str, database: str, service: str) -> None:
    inside = await connect(with_database(admin_url, database))
    owner, users = f'"{service}_owner"', f'"{service}_app", "{service}_system"'
    try:
        for extension in EXTENSIONS:
            await inside.execute(f"create extension if not exists {extension}")
        await inside.execute("revoke all on schema public from public")
        await inside.execute(f"grant usage, create on schema public to {owner}")
        await inside.execute(f"grant usage on schema public to {users}")
    finally:
        await inside.close()


async def _ensure_role(admin: asyncpg.Connection, role: str, password: str) -> None:
    """A login role that is nothing but that; its password is the one in the secrets folder."""
    exists = await admin.fetchval("select exists (select from pg_roles where rolname = $1)", role)
    verb = "alter" if exists else "create"
    # The server gets the verifier, not the password: it cannot end in a statement log.
    await admin.execute(f"{verb} role \"{role}\" with login noinherit password '{_scram_verifier(password)}'")


async def _act_as(admin: asyncpg.Connection, owner: str) -> None:
    """An administrator who is no superuser (a managed server) must belong to the role he creates databases for."""
    if not await admin.fetchval("select pg_has_role(current_user, $1, 'member')", owner):
        await admin.execute(f'grant "{owner}" to current_user')


def _address(admin_url: str, secrets_dir: Path, service: str, role: str) -> str:
    """Keep the role's address in its file current and return its password, which never changes here."""
    path = database_url_file(secrets_dir, service, role)
    known = urlsplit(path.read_text("utf-8").strip()).password if path.exists() else None
    password = unquote(known) if known else secrets.token_urlsafe()
    address = with_user(with_database(admin_url, f"grid_{service}"), f"{service}_{role}", password)
    if not path.exists() or path.read_text("utf-8").strip() != address:
        keep(path, address)
    return password


def _scram_verifier(password: str) -> str:
    """RFC 5803 form of a SCRAM-SHA-256 password, as PostgreSQL stores it."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = [base64.b64encode(part).decode() for part in (salt, client, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{words[0]}${words[1]}:{words[2]}"


def _new_signing_key(service: str) -> str:
    """An Ed25519 private key as a JWK (RFC 8037); `kid` is the service's name."""
    key = Ed25519PrivateKey.generate()
    public, private = key.public_key().public_bytes_raw(), key.private_bytes_raw()
    words = {"x": _base64url(public), "d": _base64url(private)}
    return json.dumps({"kty": "OKP", "crv": "Ed25519", "kid": service, "use": "sig", **words})


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _known_public_keys(secrets_dir: Path) -> list[dict[str, str]]:
    """The public keys already published; some may belong to services whose private key is elsewhere."""
    path = verify_keys_file(secrets_dir)
    keys: list[dict[str, str]] = json.loads(path.read_text("utf-8"))["keys"] if path.exists() else []
    return keys
