"""Bad weather between the outbox and Slack, on the wire: everything is seen in the end, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.chat.slack.client import SlackChat
from bot.chat.slack.team import Team, web_client
from bot.domain.people import Account, People, Person
from bot.domain.rollback import State
from bot.engine.deliver import Delivery
from bot.ports import Kind
from bot.workspace.slack.client import Workspace
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.room import Room
from notifications import renderer
from tests.bot.chat.slack.conftest import TEAM, settings
from tests.bot.engine.world import World, account, world

PEOPLE = People(
    Person(key, key.title(), (Account("slack", TEAM, user), account(key)))
    for key, user in {
        "responder": "U00RESPONDER",
        "manager-one": "U00MANAGER1",
        "manager-two": "U00MANAGER2",
    }.items()
)
WANTED = ["ask", "ask", "card", "line", "notice", "tell", "tell", "tell"]
PLACES = ("C00DEPLOYS", "D00MANAGER1", "D00MANAGER2", "D00RESPONDER")


@dataclass
class Cable:
    """The way to Slack, which breaks where a test says; ``url`` is its near end."""

    far_end: str
    faults: list[tuple[str, str]] = field(default_factory=list)  # (method, where it breaks)
    url: str = ""

    async def carry(self, request: web.Request) -> web.Response:
        """Hand on one call, unless the cable breaks before or after it."""
        method, body = request.match_info["method"], await request.read()
        fault = next((one for one in self.faults if one[0] == method), (method, ""))
        if fault in self.faults:
            self.faults.remove(fault)
        if fault[1] == "hangs":
            await asyncio.Event().wait()
        if fault[1] == "before":
            _break_off(request)
        handed_on = {key: request.headers[key] for key in ("Authorization", "Content-Type")}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.far_end + method, data=body, headers=handed_on) as answer,
        ):
            if fault[1] == "after":
                _break_off(request)
            return web.Response(body=await answer.read(), content_type=answer.content_type)

    @asynccontextmanager
    async def laid(self) -> AsyncGenerator[None]:
        """Lay it for as long as the context lasts."""
        app = web.Application()
        app.router.add_post("/api/{method}", self.carry)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        try:
            yield
        finally:
            await runner.cleanup()


def _break_off(request: web.Request) -> None:
    assert request.transport
    request.transport.abort()


@asynccontextmanager
async def through(cable: Cable, place: Room) -> AsyncGenerator[SlackChat]:
    """Open the team at the near end, with little patience."""
    ours = replace(settings(place), api_base=cable.url)
    timeout = aiohttp.ClientTimeout(total=0.5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield SlackChat(Team(ours, web_client(ours, session, token=ours.bot_token), session))


async def delivered(here: World, delivery: Delivery) -> None:
    """Deliver until nothing is owed any more."""
    for _ in range(200):
        await here.clock.sleep(await delivery.run_once())
        if not await here.engine.store.read(lambda tx: tx.due_postings(1) or tx.next_posting_at()):
            return
    raise AssertionError("people are still owed something")


@pytest.mark.parametrize("where", ["before", "after", "hangs"])
@pytest.mark.parametrize(
    "methods",
    [
        ("chat.postMessage",) * 3,
        ("chat.update",) * 2,
        ("conversations.open", "chat.postMessage", "conversations.history"),
        ("chat.postMessage", "conversations.history", "conversations.replies"),
    ],
)
async def test_a_cable_that_breaks_loses_and_doubles_nothing(
    place: Room, people: Workspace, tmp_path: Path, methods: tuple[str, ...], where: str
) -> None:
    """A connection lost before the call, after it, or without any end: each message once."""
    cable = Cable(place.api_url)
    async with cable.laid(), through(cable, place) as chat:
        await play(chat, tmp_path, faults=lambda: cable.faults.extend((m, where) for m in methods))

    await seen_once(people)


FAULTS = [
    {"status": 429, "retry_after": 3},
    {"status": 500},
    {"status": 500, "applied": True},
    {"status": 503},
    {"status": 200, "error": "ratelimited"},
    {"status": 200, "error": "internal_error"},
    {"status": 200, "error": "fatal_error", "applied": True},
    {"status": 200, "error": "request_timeout", "applied": True},
    {"status": 200, "error": "not_in_channel"},
    {"status": 200, "error": "is_archived"},
    {"status": 200, "error": "invalid_auth"},
]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(sorted(fault.items())))
async def test_slack_refuses_and_stumbles(
    place: Room,
    team: Team,
    people: Workspace,
    tmp_path: Path,
    method: str,
    fault: dict[str, object],
) -> None:
    """Whatever Slack answers for a while, each message is there once, with its newest words."""

    def faults() -> None:
        place.mischief.plan(Fault(kind="http", method=method, times=3, **fault))  # type: ignore[arg-type]

    await play(SlackChat(team), tmp_path, faults=faults)

    await seen_once(people)


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
async def test_a_card_that_can_not_be_edited_is_posted_anew(
    place: Room, team: Team, people: Workspace, tmp_path: Path, code: str
) -> None:
    """The newest card says what the old one can't, and nothing else comes twice."""

    def faults() -> None:
        place.mischief.plan(Fault(kind="http", method="chat.update", status=200, error=code))

    await play(SlackChat(team), tmp_path, faults=faults)

    counts = Counter(await keys(people))
    assert sum(counts.values()) - len(counts) in {1, 2}  # the notice takes its card along


async def play(chat: SlackChat, folder: Path, *, faults: Callable[[], None]) -> None:
    """Ask, deliver in bad weather, decide, and deliver in bad weather again."""
    async with world(folder, people=PEOPLE) as here:
        delivery = Delivery(
            store=here.engine.store,
            chats={"slack": chat},
            render=renderer(PEOPLE),
            clock=here.clock,
            foreground=here.engine.foreground,
        )
        asked = await here.ask_for()
        faults()
        rollback = await here.until(asked.id, lambda r: r.state is State.PENDING)
        await delivered(here, delivery)
        faults()
        card = await here.engine.store.read(
            lambda tx: tx.reference(rollback.id, Kind.CARD, rollback.places[0])
        )
        assert card
        await here.press("reject", "manager-one", rollback, message=card.message)
        await delivered(here, delivery)


async def keys(people: Workspace) -> list[str]:
    """Return the key of every message that hangs in the workspace."""
    messages = (await people.state())["messages"]
    return [one["metadata"]["event_payload"]["key"] for at in PLACES for one in messages[at]]


async def seen_once(people: Workspace) -> None:
    """Each message is there once, and says how it ended."""
    found = await keys(people)
    assert len(found) == len(set(found))
    assert sorted(key.split(":")[1] for key in found) == WANTED
    messages = (await people.state())["messages"]
    cards = [one for at in PLACES for one in messages[at] if ":card:" in str(one["metadata"])]
    assert all("reject" in card["text"].lower() for card in cards)
