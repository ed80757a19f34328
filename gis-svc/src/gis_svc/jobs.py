"""What the clock starts: nothing yet. Maps follow changes by themselves (location.keep_current)."""

from grid_kernel.service import Job

JOBS: tuple[Job, ...] = ()
