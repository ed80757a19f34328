"""What each container may see: its own secrets, in a folder that no other container mounts."""

from pathlib import Path

from grid_deploy.nats_server import Broker
from grid_deploy.postgres import Cluster
from grid_deploy.provision import data_keys_file, database_url_file, signing_key_file, verify_keys_file, write_keys
from grid_deploy.secret_files import keep
from grid_deploy.settings import SERVICES, Settings

# The servers' images run under users of their own, so these two files are open within their folder.
_READABLE = 0o644


def hand_out_to_engines(settings: Settings, folder: Path) -> None:
    """Before the servers start: the superuser's password, the broker's users, and the services' keys."""
    write_keys(settings.secrets_dir, settings.cipher_suite)
    _copy_readable(folder / "postgres" / "password", Cluster(settings).password)
    _copy_readable(folder / "nats" / "nats.conf", Broker(settings).configuration())


def hand_out_to_services(settings: Settings, folder: Path) -> None:
    """After provisioning: to each service its two addresses, its keys and its user of the broker."""
    source, broker = settings.secrets_dir, Broker(settings)
    for service in SERVICES:
        own = folder / service.name
        for role in ("app", "system"):
            keep(own / f"{role}.url", database_url_file(source, service.name, role).read_text("utf-8"))
        keep(own / "nats.url", broker.url(service.name))
        keep(own / "signing.jwk", signing_key_file(source, service.name).read_text("utf-8"))
        keep(own / "data-keys.json", data_keys_file(source, service.name).read_text("utf-8"))
        keep(own / "verify.jwks", verify_keys_file(source).read_text("utf-8"))


def _copy_readable(path: Path, content: str) -> None:
    keep(path, content)
    path.parent.chmod(0o755)
    path.chmod(_READABLE)
