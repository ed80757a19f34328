from grid_kernel.migrations import run_env
from population_svc.models import Base

run_env(Base.metadata)
