"""The GRID_* settings one service process gets: its own secrets and nobody else's."""

from collections.abc import Iterator, Mapping

from grid_deploy.engines import Engines
from grid_deploy.provision import ROLES, data_keys_file, database_url_file, signing_key_file, verify_keys_file
from grid_deploy.settings import HOST, SERVICES, ServiceProcess

_ADMINISTRATION = ("GRID_DATABASE_URL", "GRID_NATS_URL", "GRID_POSTGRES_BIN")
_SETTING_OF_ROLE = {"app": "DATABASE_URL", "system": "SYSTEM_DATABASE_URL", "owner": "OWNER_DATABASE_URL"}


def service_environment(
    engines: Engines, process: ServiceProcess, *, environ: Mapping[str, str] | None = None, owner: bool = False
) -> dict[str, str]:
    """Settings of one service. What the operator set himself wins; the owner's address is for migrations only."""
    given = environ or {}
    computed = dict(_computed(engines, process, given, owner=owner))
    own = {name: value for name, value in given.items() if _may_see(name, process.name)}
    return {**{name: value for name, value in computed.items() if not _is_set(name, own)}, **own}


def public_url(environ: Mapping[str, str]) -> str:
    """How browsers reach the gateway."""
    gateway = next(process for process in SERVICES if process.name == "gateway")
    return environ.get("GRID_GATEWAY_PUBLIC_URL") or f"http://localhost:{gateway.port(environ)}"


def _computed(
    engines: Engines, process: ServiceProcess, given: Mapping[str, str], *, owner: bool
) -> Iterator[tuple[str, str]]:
    prefix, folder = f"GRID_{process.name.upper()}", engines.settings.secrets_dir
    yield "GRID_STATE_DIR", str(engines.settings.state_dir)
    yield "GRID_ENVIRONMENT", engines.settings.environment
    yield f"{prefix}_HOST", HOST
    yield f"{prefix}_PORT", str(process.port(given))
    yield f"{prefix}_NATS_URL", engines.nats_url_of(process.name)
    for role in ROLES if owner else [role for role in ROLES if role != "owner"]:
        path = database_url_file(folder, process.name, role)
        yield f"{prefix}_{_SETTING_OF_ROLE[role]}_FILE", str(path)
    yield f"{prefix}_SIGNING_KEY_FILE", str(signing_key_file(folder, process.name))
    yield f"{prefix}_DATA_KEYS_FILE", str(data_keys_file(folder, process.name))
    yield "GRID_VERIFY_KEYS_FILE", str(verify_keys_file(folder))
    if process.name == "gateway":
        yield "GRID_GATEWAY_PUBLIC_URL", public_url(given)
        for other in (each for each in SERVICES if each is not process):
            yield f"GRID_{other.name.upper()}_URL", f"http://{HOST}:{other.port(given)}"


def _may_see(name: str, service: str) -> bool:
    """Everything that is no setting of ours, and of ours all but administration and what belongs to another service."""
    if name.removesuffix("_FILE") in _ADMINISTRATION:
        return False
    others = (f"GRID_{other.name.upper()}_" for other in SERVICES if other.name != service)
    return not name.startswith(tuple(others)) or (
        service == "gateway" and name.endswith("_URL") and "DATABASE" not in name
    )


def _is_set(name: str, given: Mapping[str, str]) -> bool:
    plain = name.removesuffix("_FILE")
    return plain in given or f"{plain}_FILE" in given
