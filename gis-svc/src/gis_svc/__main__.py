"""The command line of this service."""

from gis_svc.app import SERVICE
from gis_svc.settings import GisSettings
from grid_kernel.main import main

if __name__ == "__main__":
    main(SERVICE, settings_class=GisSettings)
