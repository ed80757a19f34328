"""The command line of dispute-svc."""

from dispute_svc.app import SERVICE
from grid_kernel.main import main

if __name__ == "__main__":
    main(SERVICE)
