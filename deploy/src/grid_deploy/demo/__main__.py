"""Command line: python -m grid_deploy.demo --seed 1 --as-of 2026-11-24 --out var/demo [--district]."""

import argparse
import resource
import sys
import time
from datetime import date
from pathlib import Path

from grid_deploy.demo.generation import UnknownCommunityError, generate
from grid_deploy.demo.plan import DEFAULT_COMMUNITIES, Plan


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m grid_deploy.demo", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="the day the demonstration is for")
    parser.add_argument("--out", type=Path, required=True, help="folder of the files")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--communities", default=",".join(DEFAULT_COMMUNITIES), help="12-digit codes, by comma")
    extent.add_argument("--district", action="store_true", help="all 475 grids")
    parser.add_argument("--applications", type=int, default=300)
    parser.add_argument("--cases", type=int, default=150)
    return parser.parse_args()


def main() -> int:
    """Generate and print what was written."""
    given = _arguments()
    communities = () if given.district else tuple(given.communities.split(","))
    plan = Plan(given.seed, given.as_of, communities, given.applications, given.cases)
    began = time.perf_counter()
    try:
        counts = generate(plan, given.out)
    except UnknownCommunityError as error:
        print(error, file=sys.stderr)
        return 2
    seconds = time.perf_counter() - began
    rows = sum(counts.values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for name, count in counts.items():
        print(f"{count:>9,} {name}")
    print(f"{rows:>9,} rows in {seconds:.1f} s = {rows / seconds:,.0f} rows/s, peak memory {memory} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
