"""Every SELECT of this service, and who sees what.

Areas are public facts: whoever is signed in reads every area of the installation, its outlines and its history;
residents' pages read them with a service token. Buildings are read by those who work in their area, by post, and
behind row-level security as well: later they lead to dwellings and door tokens.
"""

from gis_svc.queries.access import scope, visible, visible_areas
from gis_svc.queries.named import places_named

__all__ = ["places_named", "scope", "visible", "visible_areas"]
