"""What callers send is understood exactly, or refused."""

import pytest
from pydantic import ValidationError

from grid_kernel.schemas import PointIn


def test_a_moment_of_capture_without_a_time_zone_is_refused_before_it_is_stored() -> None:
    point = {"lon": 109.9, "lat": 40.6, "crs": "WGS84"}
    with pytest.raises(ValidationError, match="timezone"):
        PointIn.model_validate(point | {"captured_at": "2026-11-24T08:00:00"})
    assert PointIn.model_validate(point | {"captured_at": "2026-11-24T08:00:00+08:00"}).captured_at is not None
