"""What an installation can say about its pages."""

from typing import Annotated

from pydantic import StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9 -]{2,24}$")]


class SiteSettings(BaseSettings):
    """Settings of the pages: GRID_SITE_DESK_PHONE and GRID_SITE_DESK_HOURS."""

    model_config = SettingsConfigDict(env_prefix="GRID_SITE_", frozen=True, extra="ignore")

    desk_phone: Phone | None = None
    """Who residents call when a page cannot help; without it the pages send them to their station."""
    desk_hours: Annotated[str, StringConstraints(max_length=100)] | None = None
    """When somebody answers, in the words residents shall read."""
