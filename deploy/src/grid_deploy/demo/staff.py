"""Accounts and posts: three people for every grid, and everybody a community, a street and the district needs."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from grid_deploy.demo.areas import Community, Grid
from grid_deploy.demo.identity import FEMALE, MALE, Names
from grid_deploy.demo.plan import DEFAULT_COMMUNITIES, DISTRICT, Plan
from grid_deploy.demo.randomness import Kind, identifier, stream
from grid_deploy.demo.units import departments

NAMED = (
    "worker.dulan", "window.dulan", "head.dulan", "guide.dulan", "mediator.dulan", "worker.jianhua",
    "street.qingshanlu", "district", "fire", "civil", "housing", "arbiter",
    "admin.system", "admin.security", "admin.audit",
)  # fmt: skip
HANDLERS = {"fire_rescue": "fire", "civil_affairs": "civil", "housing": "housing"}
LARGE_DEPARTMENTS = ("police", "market_supervision", "urban_management", "human_resources", "medical_insurance")
DULAN, JIANHUA = "dulan", "jianhua"  # the two communities of the stage, in the log-ins
NAMED_GRID, FINISHED_GRID = 2, 4  # positions in the first of them
MEDIATORS = 2
VACANT_SINCE = timedelta(days=10)
ON_LEAVE_SINCE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Officer:
    """The station worker of a grid, the days the post is held, and who stands in today."""

    account_id: str
    grid: Grid
    always_grid_duty: bool
    finished: bool  # has seen the whole grid this quarter already
    left_on: date | None = None
    substitute_id: str | None = None


@dataclass(slots=True)
class Staff:
    """Everybody who works here, and how to find them."""

    accounts: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    officers: dict[str, Officer] = field(default_factory=dict)  # by grid
    clerks: dict[str, str] = field(default_factory=dict)  # by community
    handlers: dict[str, list[str]] = field(default_factory=dict)  # by unit: departments, mediation, centres
    reporters: dict[str, list[str]] = field(default_factory=dict)  # by community
    verifiers: dict[str, str] = field(default_factory=dict)  # by grid: the worker, or the director of a vacant grid


class _Register:
    """Writes accounts and posts down as they are given."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.staff = Staff()
        self._draw = stream(plan.seed, "staff")
        self._names = Names(stream(plan.seed, "staff names"))
        self._ids = {login: identifier(Kind.ACCOUNT, plan.seed, place) for place, login in enumerate(NAMED)}
        self._valid_from = date(plan.as_of.year - 1, 3, 1)

    def account(self, login: str) -> str:
        """Open an account; only the named ones can log in."""
        account_id = self._ids.get(login) or identifier(Kind.ACCOUNT, self.plan.seed, 100 + len(self.staff.accounts))
        sex = MALE if self._draw.random() < 0.45 else FEMALE  # noqa: PLR2004 - a share
        row = {
            "id": account_id,
            "login": login,
            "display_name": self._names.surname() + self._names.given(sex),
            "password_plain": f"qingshan-{login}" if login in self._ids else None,
            "totp": False,
            "area_code": DISTRICT,  # said when all posts are given
            "synthetic": True,
        }
        self.staff.accounts.append(row)
        return account_id

    def post(
        self,
        post: str,
        area: str,
        unit: str | None,
        account_id: str,
        left_on: date | None = None,
        substitute_id: str | None = None,
    ) -> None:
        """Give a post to an account."""
        row = {
            "id": identifier(Kind.POST, self.plan.seed, len(self.staff.posts)),
            "post": post,
            "area_code": area,
            "unit_code": unit,
            "account_id": account_id,
            "valid_from": self._valid_from.isoformat(),
            "valid_to": left_on.isoformat() if left_on else None,
            "substitute_account_id": substitute_id,
            "synthetic": True,
        }
        self.staff.posts.append(row)


def staff_of(plan: Plan, grids: tuple[Grid, ...]) -> Staff:
    """Accounts and posts of the district, its streets and the communities of these grids."""
    register = _Register(plan)
    communities: dict[str, list[Grid]] = {}
    for grid in grids:
        communities.setdefault(grid.community.code, []).append(grid)
    stage = _stage(list(communities))
    _district(register, [communities[code][0].community for code in [*stage, *communities]])
    for code, members in communities.items():
        named = stage.get(code, "")
        _community(register, members[0].community, named)
        _officers(register, members, named, with_vacancy=code == list(stage)[-1])
        _guides_and_directors(register, members, named)
    _at_their_places(register.staff)
    return register.staff


def _at_their_places(staff: Staff) -> None:
    """Register everybody where he or she works: a station's head sees its own people, and no more."""
    places: dict[str, set[str]] = {}
    for post in staff.posts:
        places.setdefault(post["account_id"], set()).add(post["area_code"][:12])
    for account in staff.accounts:
        worked = places.get(account["id"], set())
        account["area_code"] = worked.pop() if len(worked) == 1 else DISTRICT


def _stage(codes: list[str]) -> dict[str, str]:
    """Where the named people work: the two default communities, or else the first two."""
    order = {code: place for place, code in enumerate(DEFAULT_COMMUNITIES)}
    chosen = sorted(codes, key=lambda code: order.get(code, len(order)))
    return dict(zip(chosen, (DULAN, JIANHUA), strict=False))


def _district(register: _Register, communities: list[Community]) -> None:
    register.post("district_leader", DISTRICT, None, register.account("district"))
    for post in ("system_admin", "security_admin", "audit_admin"):
        register.post(post, DISTRICT, None, register.account(f"admin.{post.removesuffix('_admin')}"))
    for unit in departments():
        logins = [HANDLERS.get(unit, f"handler.{unit}.1")] + [f"handler.{unit}.2"] * (unit in LARGE_DEPARTMENTS)
        for login in logins:
            account_id = register.account(login)
            register.post("department_handler", DISTRICT, unit, account_id)
            register.staff.handlers.setdefault(unit, []).append(account_id)
    # The district centre has what lies in no street: places outside every grid, categories without a rule.
    arbiter = register.account("arbiter")
    register.post("arbiter", DISTRICT, f"centre-{DISTRICT}", arbiter)
    streets = dict.fromkeys(community.street_code for community in communities)
    for place, street in enumerate(streets):
        leader = register.account("street.qingshanlu" if place == 0 else f"street.{street}")
        register.post("street_leader", street, f"office-{street}", leader)
        register.post("arbiter", street, f"centre-{street}", arbiter)
        register.staff.handlers[f"centre-{street}"] = [arbiter]


def _community(register: _Register, community: Community, named: str) -> None:
    code, staff = community.code, register.staff
    dulan = named == DULAN
    head = register.account("head.dulan" if dulan else f"head.{code}")
    register.post("station_head", code, f"station-{code}", head)
    clerk = register.account("window.dulan" if dulan else f"window.{code}")
    register.post("window_clerk", code, f"station-{code}", clerk)
    staff.clerks[code] = clerk
    mediators = []
    for place in range(MEDIATORS):
        login = "mediator.dulan" if dulan and place == 0 else f"mediator.{code}.{place + 1}"
        mediators.append(register.account(login))
        register.post("mediator", code, f"mediation-{code}", mediators[-1])
    staff.handlers[f"mediation-{code}"] = mediators
    staff.reporters[code] = [head, clerk]


def _named_position(grids: list[Grid], named: str) -> int | None:
    """The position of the grid whose worker can log in, if it is a community of the stage."""
    return {DULAN: min(NAMED_GRID, len(grids) - 1), JIANHUA: 0}.get(named)


def _officers(register: _Register, grids: list[Grid], named: str, *, with_vacancy: bool) -> None:
    """One station worker per grid; one is on leave with a substitute, one post is vacant."""
    own = _named_position(grids, named)
    ids = [register.account(f"worker.{named if grid.position == own else grid.code}") for grid in grids]
    enough = len(grids) > FINISHED_GRID
    on_leave = len(grids) - 2 if enough and named == DULAN else None
    vacant = len(grids) - 1 if enough and with_vacancy else None
    for position, (grid, account_id) in enumerate(zip(grids, ids, strict=True)):
        left_on = register.plan.as_of - VACANT_SINCE if position == vacant else None
        substitute = ids[position - 1] if position == on_leave else None
        station = f"station-{grid.community.code}"
        register.post("resident_service_officer", grid.code, station, account_id, left_on, substitute)
        finished = named == DULAN and position == FINISHED_GRID
        officer = Officer(account_id, grid, position == own, finished, left_on, substitute)
        register.staff.officers[grid.code] = officer
        if left_on is None:
            register.staff.verifiers[grid.code] = account_id
            register.staff.reporters[grid.community.code].append(account_id)


def _guides_and_directors(register: _Register, grids: list[Grid], named: str) -> None:
    """One party-building guide per grid; one committee director for two grids."""
    code = grids[0].community.code
    director = ""
    for position, grid in enumerate(grids):
        if position % 2 == 0:
            director = register.account(f"director.{code}.{position // 2 + 1}")
            register.staff.reporters[code].append(director)
        register.post("opinion_collector", grid.code, f"committee-{code}", director)
        register.staff.verifiers.setdefault(grid.code, director)
        is_named = named == DULAN and position == _named_position(grids, named)
        guide = register.account("guide.dulan" if is_named else f"guide.{grid.code}")
        register.post("party_building_guide", grid.code, f"party-{code}", guide)
        register.staff.reporters[code].append(guide)
