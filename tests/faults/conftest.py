"""One house for all tests that break something; each leaves it whole."""

import sys
from collections.abc import Callable, Iterator

import pytest
from tests.faults.house import House, built


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The production processes apart, on engines of their own."""
    with built(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tell the figures of a run, also of one that went well."""

    def said(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {line}")

    return said
