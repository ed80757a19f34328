"""What is special at gis-svc: the base map, when somebody has a key for it."""

from pydantic import Field, SecretStr

from grid_kernel.settings import ServiceSettings


class GisSettings(ServiceSettings):
    """Settings of gis-svc."""

    tianditu_key: SecretStr | None = None
    tianditu_url: str = "https://t0.tianditu.gov.cn"
    tianditu_timeout_seconds: float = Field(default=5, gt=0)
