"""What is special at the gateway: where the services are, and how browsers reach it."""

from pydantic import Field

from grid_kernel.settings import ServiceSettings


class GatewaySettings(ServiceSettings):
    """Settings of the gateway."""

    population_url: str = "http://127.0.0.1:8101"
    approval_url: str = "http://127.0.0.1:8102"
    gis_url: str = "http://127.0.0.1:8103"
    dispute_url: str = "http://127.0.0.1:8104"
    public_url: str = "http://localhost:8080"
    proxy_in_flight_limit: int = Field(default=512, ge=1)
    proxy_timeout_seconds: float = Field(default=30, gt=0)
    password_workers: int = Field(default=2, ge=1)

    @property
    def behind_tls(self) -> bool:
        """Whether browsers come over TLS: then cookies are __Host- and Secure."""
        return self.public_url.startswith("https://")

    @property
    def upstreams(self) -> dict[str, str]:
        """Where each service is."""
        return {
            "population": self.population_url,
            "approval": self.approval_url,
            "gis": self.gis_url,
            "dispute": self.dispute_url,
        }
