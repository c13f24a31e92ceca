"""``check.http``: production is looked at from outside, and believed only when it is sure."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.check import HttpCheck, _at
from bot.domain.target import Place, StepSpec, Target
from bot.ports import Tools
from bot.tools import Scrubber, ToolBox, reachable
from tests.adapters.conftest import Clock
from tests.adapters.mirror import serving

HEALTHY = {"status": "healthy", "services": [{"name": "db", "up": True}], "load": 0.5}


@dataclass
class Site:
    """A site whose next answers a test writes down; the last one stays."""

    clock: Clock
    tools: Tools = field(init=False)
    url: str = ""
    answers: list[Callable[[], web.StreamResponse]] = field(default_factory=list)
    visits: list[float] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a visitor."""
        self.visits.append(self.clock.seconds)
        self.headers = dict(request.headers)
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        return answer()

    def says(self, *bodies: object, status: int = 200) -> None:
        """Answer with these JSON bodies, one after the other."""
        self.answers += [partial(web.json_response, body, status=status) for body in bodies]

    def check(self, **fields: Any) -> HttpCheck:
        """Return a check of this site."""
        return HttpCheck(url=f"{self.url}/health", allow_plain=True, internal=True, **fields)


@asynccontextmanager
async def tools_for(check: HttpCheck, clock: Clock) -> AsyncIterator[Tools]:
    """Make tools that reach what the check names, as a configuration with it would."""
    target = Target(
        name="shop",
        environment="production",
        affected="Shop",
        channels=(Place("slack", "T0", "C0"),),
        approvers=(),
        steps=(),
        checks=(StepSpec("health", check.use, check.model_dump(mode="json")),),
    )
    box = ToolBox(
        clock=clock,
        secrets={},
        endpoints={},
        origins=reachable({}, [target]),
        scrub=Scrubber([]),
    )
    yield box.for_step(key="rb-test/health/after", secrets=())
    await box.close()


@pytest.fixture
async def site(clock: Clock) -> AsyncIterator[Site]:
    """A site on the loopback interface."""
    site = Site(clock)
    async with serving(site.handle) as site.url, tools_for(site.check(), clock) as site.tools:
        yield site


async def test_a_healthy_site_holds(site: Site) -> None:
    """Status, values in the JSON, words and speed are told as they were expected and seen."""
    site.says(HEALTHY)
    check = site.check(
        expect={"status": "healthy", "services.0.up": "true", "load": "0.5"},
        contains="db",
        max_seconds=2,
    )

    evidence = await check.observe(site.tools, "health")

    assert evidence.holds
    expected = "200, status=healthy, services.0.up=true, load=0.5, contains “db”"
    assert evidence.expected == f"{expected}, under 2 s"
    assert evidence.seen.startswith(f"{expected}, 0.")
    assert (evidence.name, evidence.at) == ("health", site.clock.now())


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"status": 204}, "200"),
        ({"expect": {"status": "unhealthy"}}, "200, status=healthy"),
        ({"expect": {"services.1.up": "true"}}, "200, services.1.up=nothing"),
        ({"expect": {"services.x": "1"}}, "200, services.x=nothing"),
        ({"expect": {"status.deeper": "1"}}, "200, status.deeper=nothing"),
        ({"contains": "welcome"}, "200, lacks “welcome”"),
    ],
)
async def test_what_is_not_as_expected_is_told(
    site: Site, fields: dict[str, Any], seen: str
) -> None:
    """A look that does not hold says what was there instead."""
    site.says(HEALTHY)

    evidence = await site.check(**fields).observe(site.tools, "health")

    assert (evidence.seen, evidence.holds) == (seen, False)


async def test_a_slow_site_does_not_hold(site: Site) -> None:
    """An answer that took longer than users bear is not healthy."""
    site.says(HEALTHY)

    evidence = await site.check(max_seconds=0.000_001).observe(site.tools, "health")

    assert not evidence.holds
    assert evidence.expected == "200, under 1e-06 s"


async def test_once_is_not_enough(site: Site) -> None:
    """A site is healthy when it was so three times in a row, however it began."""
    site.says({"status": "healthy"}, {"status": "unhealthy"}, {"status": "healthy"})

    evidence = await site.check(expect={"status": "healthy"}).confirm(site.tools, "health")

    assert evidence.holds
    assert evidence.expected == "200, status=healthy, 3 in a row"
    assert evidence.seen == "200, status=healthy, 3 in a row"
    began = site.visits[0]
    assert [at - began for at in site.visits] == [0, 2, 4, 6, 8]


async def test_a_site_that_stays_ill(site: Site) -> None:
    """When the time is over, the last look is the evidence."""
    site.says({"status": "unhealthy"}, status=500)

    evidence = await site.check(within=10, interval=5).confirm(site.tools, "health")

    assert (evidence.seen, evidence.holds) == ("500, 0 in a row", False)
    assert len(site.visits) == 3


async def test_a_site_that_flickers(site: Site) -> None:
    """A site that is healthy every other time is not healthy."""
    for _ in range(40):
        site.says({}, status=200)
        site.says({}, status=500)

    evidence = await site.check(consecutive=2).confirm(site.tools, "health")

    assert not evidence.holds


async def test_caches_are_asked_to_stay_out(site: Site) -> None:
    """What a cache remembers of the good times is no evidence."""
    site.says(HEALTHY)

    await site.check().observe(site.tools, "health")

    assert site.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("https://elsewhere.example/x?a=1", "302, a redirect to elsewhere.example, which is not"),
        ("/login", "302, a redirect to /login, which is not followed"),
        ("https://vercel.com/sso-api?url=x", "302, a redirect to Vercel's login: Deployment Prot"),
    ],
)
async def test_redirects_are_not_followed(site: Site, location: str, seen: str) -> None:
    """A redirect is what was seen, and nobody goes where it points."""
    site.answers = [lambda: web.Response(status=302, headers={"Location": location})]

    evidence = await site.check(contains="x").observe(site.tools, "health")

    assert evidence.seen.startswith(seen)
    assert not evidence.holds
    assert len(site.visits) == 1


async def test_a_redirect_may_be_what_is_expected(site: Site) -> None:
    """A check of a redirect is a check like any other."""
    site.answers = [lambda: web.Response(status=301, headers={"Location": "/"})]

    assert (await site.check(status=301).observe(site.tools, "old address")).holds


@pytest.mark.parametrize("body", ["", "null", "[]", "<html>", "[" * 100_000, '{"status": "é\\u0'])
async def test_answers_that_are_not_what_they_should_be(site: Site, body: str) -> None:
    """Whatever a site says instead of its health, the check survives it."""
    site.answers = [lambda: web.Response(text=body)]

    evidence = await site.check(expect={"status": "healthy"}).observe(site.tools, "health")

    assert (evidence.seen, evidence.holds) == ("200, status=nothing", False)


async def test_a_long_value_is_cut(site: Site) -> None:
    """A site can't fill the card with its answer."""
    site.says({"status": "x\n" * 5000})

    evidence = await site.check(expect={"status": "healthy"}).observe(site.tools, "health")

    assert len(evidence.seen) == 300
    assert evidence.seen.isprintable()


async def test_an_endless_answer_is_cut_off(site: Site) -> None:
    """An answer that is larger than any health is given up on."""
    site.answers = [lambda: web.Response(body=b"x" * (5 * 1024 * 1024))]

    evidence = await site.check().observe(site.tools, "health")

    assert (evidence.seen, evidence.holds) == (
        "no answer: the connection broke (the answer is too long)",
        False,
    )


async def test_a_site_that_never_answers(clock: Clock) -> None:
    """A look that takes too long is over when its time is."""
    hanging = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hanging.wait()
        return web.Response()

    async with serving(hang) as url:
        check = HttpCheck(url=url, allow_plain=True, internal=True, timeout=0.05)
        async with tools_for(check, clock) as tools:
            evidence = await check.observe(tools, "health")
        hanging.set()

    assert evidence.seen in {"no answer within 0.05 s", "no answer: it did not answer in time"}
    assert not evidence.holds


async def test_a_site_that_is_not_there(clock: Clock) -> None:
    """A site that can't be reached is evidence, not an accident."""
    check = HttpCheck(url="http://127.0.0.1:9/", allow_plain=True, internal=True)

    async with tools_for(check, clock) as tools:
        evidence = await check.observe(tools, "health")

    assert evidence.seen.startswith("no answer: there is no connection")
    assert not evidence.holds


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "http://shop.example"}, "allow_plain"),
        ({"url": "ftp://shop.example"}, "https://"),
        ({"url": "file:///etc/passwd"}, "https://"),
        ({"url": "shop.example"}, "https://"),
        ({"url": "https://"}, "https://"),
        ({"url": "https://user:word@shop.example"}, "password"),
        ({"url": "https://localhost"}, "internal"),
        ({"url": "https://db.localhost"}, "internal"),
        ({"url": "https://10.0.0.1"}, "internal"),
        ({"url": "https://169.254.169.254/latest"}, "internal"),
        ({"url": "https://[::1]/"}, "internal"),
        ({"url": "https://shop.example:port"}, "port|Port"),
        ({"timeout": 0.0}, "greater than 0"),
        ({"timeout": 3601.0}, "less than or equal"),
        ({"consecutive": 0}, "greater than or equal"),
        ({"status": 42}, "greater than or equal"),
        ({"consecutive": 20, "interval": 5.0}, "don't fit into 60 s"),
        ({"retries": 3}, "Extra inputs"),
    ],
)
def test_checks_that_make_no_sense(fields: dict[str, Any], problem: str) -> None:
    """A check that can't be done, or should not, is refused with the reason."""
    with pytest.raises(ValidationError, match=problem):
        HttpCheck(**({"url": "https://shop.example"} | fields))


def test_a_check_survives_being_kept() -> None:
    """A plan keeps a check as JSON, and gets the same check back."""
    check = HttpCheck(url="https://shop.example", expect={"status": "healthy"}, within=30)

    assert HttpCheck.model_validate_json(json.dumps(check.model_dump(mode="json"))) == check


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.text())
def test_any_path_into_any_document(document: Any, path: str) -> None:
    """A path leads to a text in every document, whatever is there."""
    assert isinstance(_at(document, path), str)
