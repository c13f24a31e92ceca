"""A directory that is away at the start: it waits, says for whom, and another account helps."""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.event import Event, Happening
from bot.domain.people import Account, Membership
from bot.domain.rollback import Rollback, State, Unread
from bot.engine.claim import claim
from bot.engine.foreground import Foreground
from bot.ports import Kind, Posting
from notifications import renderer
from tests.bot.builders import DEPLOYS
from tests.bot.engine.plant import Plant
from tests.bot.engine.test_authority import wait
from tests.bot.engine.test_mirrors import ON_BOTH, PEOPLE, on_discord
from tests.bot.engine.world import World, shop, world


@dataclass
class Directories:
    """Two directories, each of which can be away."""

    down: set[str] = field(default_factory=set[str])
    asked: int = 0

    async def membership(self, one: Account) -> Membership:
        self.asked += 1
        return Membership.UNREADABLE if one.platform in self.down else Membership.FULL


def directories(here: World) -> Directories:
    """Give both platforms a directory that can be away."""
    both = Directories()
    here.engine = replace(here.engine, directories={"slack": both, "discord": both})
    return both


async def approved_on_both(here: World) -> Rollback:
    """One manager approves on Slack, the other one on Discord."""
    asked = await here.ask()
    await here.press("approve", "manager-one", asked)
    return await here.press("approve", "manager-two", asked, **on_discord("manager-two"))


async def told(here: World, rollback: Rollback, kind: Happening) -> tuple[list[Event], str]:
    """Return all events of this kind, and what the thread reads about the last."""
    events = await here.engine.store.read(lambda tx: tx.events(rollback.id))
    found = [event for event in events if event.kind is kind]
    posting = Posting(rollback.id, Kind.LINE, DEPLOYS, about=found[-1].sequence if found else 0)
    message = renderer(PEOPLE)(posting, await here.load(rollback.id), events)
    return found, message.text if message else ""


async def test_another_account_of_the_same_human_starts_it(tmp_path: Path, plant: Plant) -> None:
    """Whoever approved where the directory is away approves on the other chat, and it starts."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, away = await approved_on_both(here), directories(here)
        away.down.add("discord")
        await wait(here, 60)
        delayed = await here.load(quorum.id)
        again = await here.press("approve", "manager-two", quorum)
        ended = await here.end(quorum)
        events, _ = await told(here, quorum, Happening.APPROVED)
    assert (delayed.state, delayed.unread) == (State.QUORUM, (Unread("manager-two", "discord"),))
    assert (again.state, again.given, again.unread) == (State.QUORUM, 2, ())
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])
    assert [one.account for one in events] == [
        "slack:T00TWOKEY/manager-one",
        "discord:1000/manager-two",
        "slack:T00TWOKEY/manager-two",
    ]


async def test_it_says_once_whose_directory_it_waits_for(tmp_path: Path) -> None:
    """The thread is told person, platform and what to do; that nothing changed is not repeated."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, away = await approved_on_both(here), directories(here)
        away.down.add("discord")
        await wait(here, 120)
        events, line = await told(here, quorum, Happening.DELAYED)
        card = renderer(PEOPLE)(
            Posting(quorum.id, Kind.CARD, DEPLOYS), await here.load(quorum.id), ()
        )
    assert len(events) == 1
    assert line == (
        "backend (production) is not started yet: Discord's member directory does not answer "
        "about Manager-Two. Manager-Two can press Approve on Slack, too: it is the same vote. "
        "It starts by itself as soon as that directory answers."
    )
    assert "Manager-Two can press Approve on Slack, too" in repr(card)
    assert "'approve'" in repr(card)


async def test_the_card_names_the_directory_that_is_away_now(tmp_path: Path) -> None:
    """One that is back is named no more, and each is a line in the thread once."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, away = await approved_on_both(here), directories(here)
        for platform in ("discord", "slack", "discord"):
            away.down = {platform}
            await wait(here, 20)
        now = await here.load(quorum.id)
        card = renderer(PEOPLE)(Posting(quorum.id, Kind.CARD, DEPLOYS), now, ())
        events, _ = await told(here, quorum, Happening.DELAYED)
    assert now.unread == (Unread("manager-two", "discord"),)
    assert "press Approve on Slack" in repr(card)
    assert [event.details["waits_for"] for event in events] == [
        "manager-two:discord",
        "manager-one:slack",
    ]


async def test_the_end_says_whose_directory_stayed_silent(tmp_path: Path, plant: Plant) -> None:
    """What could not start in time says on whom that depended."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, away = await approved_on_both(here), directories(here)
        away.down.add("discord")
        await wait(here, 60)
        await here.clock.sleep(600)
        ended = await here.end(quorum)
        _, line = await told(here, quorum, Happening.ENDED)
    assert (ended.state, plant.pulled) == (State.EXPIRED, [])
    assert "Discord's member directory did not answer about Manager-Two" in line


@pytest.mark.parametrize("counts", [False, True])
async def test_whoever_signs_by_asking_is_looked_up(
    tmp_path: Path, plant: Plant, *, counts: bool
) -> None:
    """Where asking is one of the signatures, it waits for the requester's directory as well."""
    target = replace(ON_BOTH, policy=shop(requester_counts=counts).policy)
    async with world(tmp_path, target, people=PEOPLE) as here:
        asked, away = await here.ask(), directories(here)
        await here.press("approve", "manager-one", asked, **on_discord("manager-one"))
        if not counts:
            await here.press("approve", "manager-two", asked, **on_discord("manager-two"))
        away.down.add("slack")
        await wait(here, 60)
        after = await here.load(asked.id)
        card = renderer(PEOPLE)(Posting(asked.id, Kind.CARD, DEPLOYS), after, ())
        away.down.clear()
        ended = await here.end(asked)
    waited_for = (Unread("responder", "slack"),) if counts else ()
    assert (after.state is State.QUORUM, after.unread) == (counts, waited_for)
    assert "'approve'" not in repr(card)  # which helps nobody if it is about who asked
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_a_silent_directory_is_asked_less_and_less_often(tmp_path: Path) -> None:
    """It is looked at after 1, 2, 4, 8 and then every 15 seconds, and at once after a vote."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, away = await approved_on_both(here), directories(here)
        away.down.add("discord")
        looks = list[float]()
        for _ in range(70):
            before = away.asked
            await wait(here, 1)
            if away.asked > before:
                looks.append((here.clock.now() - quorum.asked_at).total_seconds())
        await here.press("approve", "manager-two", quorum)
        await wait(here, 1)
        started = await here.load(quorum.id)
    pauses = [round(later - earlier) for earlier, later in pairwise(looks)]
    assert pauses[:7] == [1, 2, 4, 8, 15, 15, 15]
    assert started.claimed_at


class Slow(Directories):
    """Directories that answer only when they are told to."""

    def __init__(self) -> None:
        super().__init__()
        self.three_are_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def membership(self, one: Account) -> Membership:
        kind = await super().membership(one)
        if self.asked == 3:
            self.three_are_asked.set()
        await self.may_answer.wait()
        return kind


async def test_nobody_waits_for_a_directory(tmp_path: Path, plant: Plant) -> None:
    """Directories are asked together, and while they take their time everything else goes on."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        quorum, slow = await approved_on_both(here), Slow()
        both = {"slack": slow, "discord": slow}
        here.engine = replace(here.engine, directories=both, foreground=Foreground(patience=60))
        await here.clock.sleep(10)
        claiming = asyncio.create_task(claim(here.engine, quorum.id))
        async with asyncio.timeout(5):
            await slow.three_are_asked.wait()
            await here.engine.foreground.over()
        slow.may_answer.set()
        await claiming
        assert (await here.load(quorum.id)).claimed_at
