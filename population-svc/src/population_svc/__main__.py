"""python -m population_svc run | serve | relay | consume | jobs | migrate | load PATH."""

from grid_kernel.main import main
from population_svc.app import SERVICE
from population_svc.settings import PopulationSettings

if __name__ == "__main__":
    main(SERVICE, settings_class=PopulationSettings)
