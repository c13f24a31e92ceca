"""One of two chats is away for the whole run: the other one decides, and it is told afterwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.domain.event import Event
from bot.domain.rollback import Rollback, State
from bot.domain.target import Place
from bot.engine.deliver import Delivery
from bot.message import Message
from bot.ports import ChatUnreachable, Kind, Posting, Rank, Reference, Renderer, Transaction
from notifications import renderer
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import PLANT
from tests.bot.engine.test_deliver import shown
from tests.bot.engine.test_mirrors import ON_BOTH, PEOPLE, SERVER, on_discord
from tests.bot.engine.trouble import Wall
from tests.bot.engine.world import TEAM, World, shop, world


class Absent:
    """Lets nothing through while it is away."""

    is_away = True

    def __call__(self, call: str, what: str) -> None:
        if self.is_away:
            raise ChatUnreachable("Slack did not answer.")


def outbox(here: World, *, slack: Wall, discord: Wall, render: Renderer | None = None) -> Delivery:
    """Return what shows this world's messages on two walls."""
    return Delivery(
        store=here.engine.store,
        chats={"slack": slack, "discord": discord},
        render=render or renderer(PEOPLE),
        clock=here.clock,
        foreground=here.engine.foreground,
    )


async def run_without_slack(here: World, delivery: Delivery, discord: Wall) -> None:
    """Ask, approve and finish a rollback; whatever happens is tried on both walls at once."""
    asked = await here.ask_for()
    rollback = await here.until(asked.id, lambda r: r.state is State.PENDING)
    for _ in range(30):
        await here.clock.sleep(min(await delivery.run_once(), 5))
    for manager in ("manager-one", "manager-two"):
        for _ in range(3):
            await here.clock.sleep(min(await delivery.run_once(), 1))
        card = {"message": discord.at(":card:"), **on_discord(manager)}
        await here.press("approve", manager, rollback, **card)
    assert (await here.end(rollback)).state is State.SUCCEEDED


def order(wall: Wall) -> dict[str, list[str]]:
    """Return what hangs in each place, in order, by whoever reads it or by nobody in particular."""
    found: dict[str, list[str]] = {}
    for note in wall.notes.values():
        reader = note.place.person.user if note.place.person else ""
        _, kind, *_, about = note.key.split(":")
        found.setdefault(reader, []).append(f"{kind} {about}")
    return found


async def test_everything_is_told_afterwards_once_and_in_order(tmp_path: Path) -> None:
    """A chat that was away for the whole run shows the same lines in the same order, each once."""
    away = Absent()
    slack, discord = Wall(trouble=away), Wall()
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord)
        await run_without_slack(here, delivery, discord)
        await delivery.run_once()  # what was wanted first waits longest for its next try
        unseen = list(slack.notes)
        away.is_away = False
        await shown(here, delivery)
    assert unseen == []
    assert order(slack) == order(discord)
    assert order(slack).keys() == {"", "responder", "manager-one", "manager-two"}
    assert len(slack.keys) == len(set(slack.keys))


async def test_a_chat_that_is_away_holds_up_no_other(tmp_path: Path) -> None:
    """What one chat can't be told, the other one is told at once."""
    slack, discord = Wall(trouble=Absent()), Wall()
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord)
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state is State.PENDING)
        before = here.clock.now()
        for _ in range(3):
            await delivery.run_once()
        passed = here.clock.now() - before
    assert {key.split(":")[1] for key in discord.keys} == {"notice", "card", "ask"}
    assert passed.total_seconds() == 0


async def test_a_thread_reads_alike_however_urgent_its_lines_were(tmp_path: Path) -> None:
    """Words, votes, an end and what came after it stand in the same order on both chats."""
    away = Absent()
    away.is_away = False
    slack, discord = Wall(trouble=away), Wall()
    PLANT.behaves["api"] = "lies"
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord)
        asked = await here.ask_for()
        rollback = await here.until(asked.id, lambda r: r.state is State.PENDING)
        await shown(here, delivery)
        away.is_away = True
        for verb, person, words in (
            ("approve", "manager-one", {}),
            ("give_reason", "responder", {"words": "late words"}),
            ("withdraw", "manager-one", {}),
            ("approve", "manager-one", {}),
            ("approve", "manager-two", {}),
            ("end", "", {}),
            ("resolve", "manager-one", {"words": "looked after"}),
            ("confirm_resolution", "manager-two", {}),
        ):
            if verb == "end":
                rollback = await here.end(rollback)
            else:
                card = {"message": discord.at(":card:"), **on_discord(person), **words}
                await here.press(verb, person, rollback, **card)
            for _ in range(5):
                await here.clock.sleep(min(await delivery.run_once(), 1))
        away.is_away = False
        await shown(here, delivery)
    assert order(slack)[""] == order(discord)[""]
    numbers = [int(one.split()[1]) for one in order(slack)[""] if one.startswith("line")]
    assert len(numbers) > 7
    assert numbers == sorted(numbers)


async def test_a_long_backlog_of_one_chat_hides_no_other(tmp_path: Path) -> None:
    """While 600 messages wait for their turn in one channel, the other chat is told at once."""
    words = renderer(PEOPLE)

    def render(posting: Posting, rollback: Rollback, events: Sequence[Event]) -> Message | None:
        kind = Kind.NOTICE if posting.kind is Kind.TELL else posting.kind
        return words(replace(posting, kind=kind), rollback, events)

    slack, discord = Wall(), Wall()
    async with world(tmp_path, ON_BOTH, replace(ON_BOTH, name="frontend"), people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=discord, render=render)
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state is State.PENDING)
        await shown(here, delivery)

        def fill(tx: Transaction) -> None:
            for about in range(600):
                posting = Posting(asked.id, Kind.TELL, DEPLOYS, about=about, rank=Rank.DECISION)
                tx.show(posting)

        await here.engine.store.write(fill)
        other = await here.ask_for("outsider", target="frontend")
        await delivery.run_once()
    assert any(key.startswith(f"{other.id}:notice:") for key in discord.keys)


@dataclass
class Silent(Wall):
    """A chat that takes every call and answers none, and counts how many it is to answer."""

    calls: int = 0
    has_many: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, place: Place, *_: Any, **__: Any) -> Reference:
        await self._hang()
        return Reference(place, "")

    async def _hang(self) -> None:
        self.calls += 1
        if self.calls == 32:
            self.has_many.set()
        await asyncio.Event().wait()


@dataclass
class Watched(Wall):
    """A wall that says when its card was edited."""

    edited: asyncio.Event = field(default_factory=asyncio.Event)

    async def edit(self, reference: Reference, message: Message) -> None:
        await super().edit(reference, message)
        if ":card:" in self.notes[reference.message].key:
            self.edited.set()


async def test_a_chat_that_hangs_takes_no_room_from_the_other(tmp_path: Path) -> None:
    """While forty messages hang on one chat, a no takes the buttons off the other one's card."""
    slack, silent = Watched(), Silent()
    async with world(tmp_path, shop(), people=PEOPLE) as here:
        store: Any = here.engine.store
        delivery = outbox(here, slack=slack, discord=silent)
        asked = await here.ask_for()
        rollback = await here.until(asked.id, lambda r: r.state is State.PENDING)
        await shown(here, delivery)

        def fill(tx: Transaction) -> None:
            for number in range(40):
                place = Place(*SERVER, f"@{number}")
                tx.show(Posting(asked.id, Kind.ASK, place, rank=Rank.DECISION))

        await store.write(fill)
        store.on_commit(delivery.wake)
        running = asyncio.create_task(delivery.run_forever())
        async with asyncio.timeout(20):
            await silent.has_many.wait()
            slack.edited.clear()
            card = slack.at(":card:")
            await here.press("reject", "manager-one", rollback, message=card)
            async with asyncio.timeout(1):
                await slack.edited.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "approve" not in slack.notes[card].verbs


async def test_a_chat_that_is_away_is_asked_by_one_message_at_a_time(tmp_path: Path) -> None:
    """After calls without an answer one message asks again, and an answer lets all others out."""
    away = Absent()
    tried: list[str] = []

    def trouble(call: str, what: str) -> None:
        tried.append(what)
        away(call, what)

    slack = Wall(trouble=trouble)
    async with world(tmp_path, shop(), people=PEOPLE) as here:
        delivery = outbox(here, slack=slack, discord=Wall())
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state is State.PENDING)

        def fill(tx: Transaction) -> None:
            for number in range(100):
                place = Place(*TEAM, f"@{number}")
                tx.show(Posting(asked.id, Kind.ASK, place))

        await here.engine.store.write(fill)
        await here.clock.sleep(await delivery.run_once())
        at_first = len(tried)
        for _ in range(10):
            await here.clock.sleep(await delivery.run_once())
        again = len(tried) - at_first
        away.is_away = False
        await shown(here, delivery)
    assert at_first == 32
    assert 1 < again <= 10
    assert len(slack.keys) > 100


async def test_what_waits_for_a_chat_that_is_configured_no_more_is_given_up(tmp_path: Path) -> None:
    """Without any chat nothing is owed to anybody, and nobody waits for it."""
    async with world(tmp_path, shop(), people=PEOPLE) as here:
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state is State.PENDING)
        delivery = Delivery(
            store=here.engine.store,
            chats={},
            render=renderer(PEOPLE),
            clock=here.clock,
            foreground=here.engine.foreground,
        )
        await shown(here, delivery, most=20)
