"""What the clock starts."""

from datetime import timedelta

from dispute_svc import commands
from grid_kernel.service import Job

JOBS = (
    Job("settle-pending", every=timedelta(seconds=15), run=commands.settle_pending),
    Job("follow-calendar", every=timedelta(minutes=10), run=commands.follow_calendar),
)
