"""A new migration of one service, written from the difference between its models and its database."""

import subprocess
import sys
from collections.abc import Mapping

from grid_deploy import commands
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.settings import ROOT

# Runs in the service's own process: this package imports no service.
_WRITE = """
import importlib, sys
from grid_kernel import migrations
from grid_kernel.settings import ServiceSettings
service = importlib.import_module(sys.argv[1] + ".app").SERVICE
migrations.revision(service, ServiceSettings.load(service.name), sys.argv[2])
"""


def write(engines: Engines, service: str, message: str, environ: Mapping[str, str]) -> None:
    """Write it below the service's migrations/versions, to be read and corrected by hand."""
    process = commands.service_named(service)
    environment = service_environment(engines, process, environ=environ, owner=True)
    command = [sys.executable, "-c", _WRITE, process.module, message]
    if subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode != 0:
        raise DeployError(f"无法生成迁移 / no migration was written for {service}")
