"""What is special at population-svc: the identity provider by which people reach their own record, if there is one."""

from typing import Self

from pydantic import Field, SecretStr, model_validator

from grid_kernel.settings import ServiceSettings

_NAMED = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_redirect_uri")


class PopulationSettings(ServiceSettings):
    """Settings of population-svc; without an issuer people come by the code of the window alone."""

    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_redirect_uri: str | None = None
    oidc_scope: str = "openid"
    oidc_number_claim: str = "id_number"
    oidc_timeout_seconds: float = Field(default=5, gt=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = [name for name in _NAMED if getattr(self, name)]
        if given and len(given) < len(_NAMED):
            raise ValueError(f"an identity provider needs all of {', '.join(_NAMED)}")
        return self
