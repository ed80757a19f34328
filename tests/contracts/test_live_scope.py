"""What the gateway says of posts is what the services themselves hold to."""

import pytest
from tests.contracts import house

import approval_svc.rules as approval
import dispute_svc.rules as dispute
import population_svc.rules as population
from gateway import queries
from gateway.rules import CAN, LIVE_POSTS
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


@pytest.mark.parametrize(
    ("can", "posts"),
    [
        ("person.read", population.SIGHT),
        ("person.search", population.KEEPERS),
        ("household.change", population.KEEPERS),
        ("application.read", (*approval.AREA_POSTS, Post.DEPARTMENT_HANDLER)),
        ("application.take-in", approval.INTAKE_POSTS),
        ("application.pre-review", approval.DESK_POSTS),
        ("case.handle", dispute.UNIT_POSTS),
        ("case.dispatch", dispute.TRIAGE_POSTS),
        ("case.verify", (*dispute.COMMUNITY_POSTS, Post.ARBITER)),
        ("case.close", dispute.CLOSING_POSTS),
        ("routing.change", dispute.RULE_POSTS),
        ("staff.read", queries.STAFF_READERS),
    ],
)
def test_what_a_screen_offers_is_what_the_service_allows(can: str, posts: tuple[Post, ...]) -> None:
    assert set(CAN[can]) == set(posts)
