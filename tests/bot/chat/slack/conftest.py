"""A workspace that speaks Slack, a team signed in to it, and a desk whose answers a test sets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.chat.slack.client import SlackChat
from bot.chat.slack.gateway import SlackGateway
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.domain.target import Place
from bot.invocation import Answer, Invocation
from bot.message import Button, Buttons, Line, Message, Ticket
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.room import Room
from bot.workspace.slack.server import running
from tests.bot.chat.slack.door import Door, serving

TEAM = "T00TWOKEY"
RESPONDER, MANAGER, OUTSIDER = "U00RESPONDER", "U00MANAGER1", "U00OUTSIDER"
DEPLOYS, GENERAL = "C00DEPLOYS", "C00GENERAL"
TICKET = str(Ticket("rb-7f3k", "a" * 64))
CARD = Message("Approve?", (Line(("Approve?",)), Buttons((Button("Approve", "approve", TICKET),))))
STILL_SAVING = "Still saving; nothing is recorded yet. The outcome follows here."
RECORDED = (
    "It is recorded; only the form for the reason did not open. Say the reason in the thread."
)


@dataclass
class FakeDesk:
    """A desk that writes down what it was asked and answers what the test wants."""

    asked: list[tuple[str | None, Invocation]] = field(default_factory=list)
    answer: Answer | Exception = field(default_factory=lambda: Answer(Message("Done.")))
    is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.is_open.set()

    async def typed(self, invocation: Invocation) -> Answer:
        return await self._answer(None, invocation)

    async def called(self, verb: str, invocation: Invocation) -> Answer:
        return await self._answer(verb, invocation)

    async def suggested(self, verb: str, option: str, invocation: Invocation) -> tuple[str, ...]:
        raise AssertionError("Slack fills nothing in")

    async def pressed(self, verb: str, invocation: Invocation) -> Answer:
        return await self._answer(verb, invocation)

    async def _answer(self, verb: str | None, invocation: Invocation) -> Answer:
        self.asked.append((verb, invocation))
        await self.is_open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
async def place() -> AsyncIterator[Room]:
    """A workspace on this machine."""
    async with running(limits=False) as here:
        yield here


@pytest.fixture
async def people(place: Room) -> AsyncIterator[Workspace]:
    """The hands of everybody in it."""
    async with Workspace(place.url) as workspace:
        yield workspace


def settings(place: Room) -> SlackSettings:
    """What the configuration says about this workspace."""
    return SlackSettings(
        team=TEAM,
        bot_token=place.bot_token,
        app_token=place.app_token,
        api_base=place.api_url,
    )


@pytest.fixture
async def team(place: Room) -> AsyncIterator[Team]:
    """The team of the workspace."""
    async with opened(settings(place)) as team:
        yield team


@pytest.fixture
def desk() -> FakeDesk:
    """A desk that answers at once."""
    return FakeDesk()


@pytest.fixture
async def gateway(team: Team, desk: FakeDesk) -> AsyncIterator[SlackGateway]:
    """The connected gateway, with little patience."""
    gateway = SlackGateway(team, desk, patience=0.3)
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def door(team: Team, desk: FakeDesk) -> AsyncIterator[Door]:
    """A bot that takes deliveries over HTTP."""
    async with serving(team, desk) as (requests, listener), aiohttp.ClientSession() as session:
        await requests.start()
        yield Door(requests, listener.address, session)


@pytest.fixture
async def odd_team() -> AsyncIterator[tuple[Team, dict[str, Callable[[], web.Response]]]]:
    """A team behind a server that answers each method exactly as the test says."""
    answers: dict[str, Callable[[], web.Response]] = {}

    async def answer(request: web.Request) -> web.Response:
        return answers[request.match_info["method"]]()

    app = web.Application()
    app.router.add_route("*", "/api/{method}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    odd = SlackSettings(team=TEAM, bot_token="xoxb-1", app_token="xapp-1", api_base=base)
    try:
        async with opened(odd) as team:
            yield team, answers
    finally:
        await runner.cleanup()


async def eventually(is_true: Callable[[], bool]) -> None:
    """Wait until something that nobody announces is true."""
    async with asyncio.timeout(5):
        while not is_true():  # noqa: ASYNC110 - nobody announces it
            await asyncio.sleep(0.01)


async def texts(people: Workspace, user: str) -> list[str]:
    """What only this person sees, oldest first."""
    return [one["text"] for one in await people.ephemerals(user)]


async def told(people: Workspace, user: str, count: int = 1) -> list[str]:
    """The same, as soon as there is enough of it."""

    def enough(state: Any) -> list[str] | None:
        seen = [one["text"] for one in state["ephemerals"][user]]
        return seen if len(seen) >= count else None

    return await people.until(enough)


async def card(team: Team, channel: str = DEPLOYS) -> str:
    """A message with a button; its time stamp."""
    place = Place("slack", "T00TWOKEY", channel)
    posted = await SlackChat(team).post(place, CARD, thread=None, key="card")
    return posted.message
