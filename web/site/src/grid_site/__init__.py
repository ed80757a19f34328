"""Pages rendered in Python for residents and leaders."""

from grid_site.app import create_site
from grid_site.settings import SiteSettings

__all__ = ["SiteSettings", "create_site"]
