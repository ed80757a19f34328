"""What the clock starts. Maps follow changes by themselves (location.keep_current)."""

from datetime import timedelta

from gis_svc import commands
from grid_kernel.service import Job

JOBS: tuple[Job, ...] = (
    Job("lost-jobs", timedelta(minutes=1), commands.give_up_lost),
    Job("expired-home-checks", timedelta(hours=1), commands.forget_expired),
    Job("addresses", timedelta(minutes=1), commands.grow_missing),
)
