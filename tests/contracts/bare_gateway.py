"""The gateway's own service without the door around it: it takes a token where the door takes a session."""

from gateway.app import SERVICE
from gateway.settings import GatewaySettings
from grid_kernel.main import main

if __name__ == "__main__":
    main(SERVICE, settings_class=GatewaySettings)
