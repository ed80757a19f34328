"""The two engines: as configured from outside, else started here on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grid_deploy import processes
from grid_deploy.nats_server import Broker
from grid_deploy.postgres import Cluster
from grid_deploy.settings import SERVICES, Settings


@dataclass(frozen=True)
class Engines:
    """Addresses with administrator's rights; what services get has fewer."""

    admin_url: str
    nats_url: str
    settings: Settings
    broker: Broker

    def nats_url_of(self, service: str) -> str:
        """The broker's address for one service, with its own user unless the configured address names one."""
        known = service in {each.name for each in SERVICES}
        return self.broker.url(service) if known else self.nats_url


def start(settings: Settings, *, postgres: Mapping[str, str] | None = None) -> Engines:
    """Start what is not configured from outside; engines that run already are left alone.

    `postgres` overrides settings of the embedded server, such as fsync in tests.
    """
    cluster, broker = Cluster(settings, postgres or {}), Broker(settings)
    if settings.database_url is None:
        cluster.start()
    if settings.nats_url is None:
        broker.start()
    return Engines(cluster.url, broker.url(), settings, broker)


def stop(settings: Settings) -> None:
    """Stop the engines this state folder started, and no others."""
    Broker(settings).stop()
    Cluster(settings).stop()


def start_engines(state_dir: Path) -> Engines:
    """Both engines on free ports in a folder of their own, for tests and experiments: fast, not crash-safe."""
    ports = processes.free_ports(3)
    settings = replace(Settings(state_dir), postgres_port=ports[0], nats_port=ports[1], nats_monitor_port=ports[2])
    return start(settings, postgres={"fsync": "off", "full_page_writes": "off"})
