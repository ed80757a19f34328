"""Bringing in tables: receiving the file, reading it, entering its rows, forgetting it."""

from population_svc.commands.importing.forgetting import cancel_import, expire_imports
from population_svc.commands.importing.receiving import announce_import, choose_sheet, complete_import, keep_part
from population_svc.commands.importing.running import start_run, work_on_imports

__all__ = [
    "announce_import",
    "cancel_import",
    "choose_sheet",
    "complete_import",
    "expire_imports",
    "keep_part",
    "start_run",
    "work_on_imports",
]
