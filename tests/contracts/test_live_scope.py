"""Live updates reach nobody whom the service itself would show nothing."""

import pytest
from tests.contracts import house

from gateway.rules import LIVE_POSTS
from grid_kernel.auth import Post
from grid_kernel.testing import actor

AREA = "150204006019"


@pytest.mark.parametrize("service", LIVE_POSTS)
def test_every_post_that_hears_of_an_area_may_open_what_it_hears_of(service: str) -> None:
    opens = house.description(service).scope
    blind = [post for post in LIVE_POSTS[service] if opens(actor(post, AREA)) != (AREA,)]
    assert blind == []


@pytest.mark.parametrize("service", sorted(set(LIVE_POSTS) - {"gis"}))
@pytest.mark.parametrize("post", [Post.PARTY_BUILDING_GUIDE, Post.SYSTEM_ADMIN, Post.SECURITY_ADMIN, Post.AUDIT_ADMIN])
def test_volunteers_and_administrators_hear_of_nobody(service: str, post: Post) -> None:
    assert post not in LIVE_POSTS[service]
