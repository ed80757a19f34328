"""python -m approval_svc run | serve | relay | consume | jobs | migrate | load PATH | dead-letters."""

from approval_svc.app import SERVICE
from grid_kernel.main import main

if __name__ == "__main__":
    main(SERVICE)
