"""python -m gateway run | serve | relay | consume | jobs | migrate | load PATH | dead-letters."""

from gateway.app import SERVICE
from gateway.front import create_front
from gateway.settings import GatewaySettings
from grid_kernel.main import main

if __name__ == "__main__":
    main(SERVICE, settings_class=GatewaySettings, make_app=create_front)
