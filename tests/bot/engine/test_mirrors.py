"""One rollback on two chats: shown on both, decided on either, one vote for each human."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.event import Happening
from bot.domain.people import Account, Membership, People, Person
from bot.domain.rollback import State, Unread
from bot.domain.target import Place
from bot.ports import Kind, Transaction
from tests.bot.builders import DEPLOYS
from tests.bot.engine.world import EVERYBODY, World, account, shop, world

SERVER = ("discord", "1000")
CHANNEL = Place(*SERVER, "2000")
ON_BOTH = replace(shop(), channels=(DEPLOYS, CHANNEL))
PEOPLE = People(
    Person(key, key.title(), (account(key), Account(*SERVER, key))) for key in EVERYBODY
)


def on_discord(person: str) -> dict[str, Any]:
    """Return who presses, and where, if it is done on the second chat."""
    return {"account": Account(*SERVER, person), "place": CHANNEL}


async def due(here: World, kind: Kind) -> list[Place]:
    """Return where messages of this kind are to be shown."""
    found = await here.engine.store.read(lambda tx: tx.due_postings(100))
    return [one.posting.place for one in found if one.posting.kind is kind]


async def test_it_is_shown_on_both(tmp_path: Path) -> None:
    """Notice and card stand in both channels, and each approver is asked on both."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        asked = await here.ask_for()
        await here.until(asked.id, lambda r: r.state == "pending")
        assert await due(here, Kind.NOTICE) == [DEPLOYS, CHANNEL]
        await here.post_card(asked.id)
        await here.press("approve", "manager-one", await here.load(asked.id))
        assert await due(here, Kind.CARD) == [DEPLOYS, CHANNEL]
        assert await due(here, Kind.LINE) == [DEPLOYS, CHANNEL]
        managers = ("manager-one", "manager-two")
        assert set(await due(here, Kind.ASK)) == {
            Place.direct(one) for key in managers for one in PEOPLE.named(key).accounts
        }


async def test_two_accounts_are_one_vote(tmp_path: Path) -> None:
    """Whoever approves on one chat and on the other has approved once, and both are noted."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        rollback = await here.ask()
        await here.press("approve", "manager-one", rollback)
        await here.press("approve", "manager-one", rollback, **on_discord("manager-one"))
        for where in ({}, on_discord("manager-one")):
            with pytest.raises(Refused) as refusal:
                await here.press("approve", "manager-one", rollback, **where)
            assert refusal.value.code is Refusal.ALREADY_APPROVED
        after = await here.load(rollback.id)
        events = await here.engine.store.read(lambda tx: tx.events(rollback.id))
    by = [event.account for event in events if event.kind is Happening.APPROVED]
    assert by == ["slack:T00TWOKEY/manager-one", "discord:1000/manager-one"]
    assert (after.given, len(after.approvals)) == (1, 1)


async def test_both_accounts_take_one_vote_back(tmp_path: Path) -> None:
    """Withdrawn by either account, the vote is gone, however often it was given."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        rollback = await here.ask()
        await here.press("approve", "manager-one", rollback)
        await here.press("approve", "manager-one", rollback, **on_discord("manager-one"))
        await here.press("withdraw", "manager-one", rollback)
        await here.press("approve", "manager-two", rollback)
        assert (await here.load(rollback.id)).given == 1
        await here.press("approve", "manager-one", rollback, **on_discord("manager-one"))
        here.members.kinds["manager-one"] = Membership.UNREADABLE
        waiting = await here.until(rollback.id, lambda r: bool(r.unread))
    # What was given before it was taken back counts no more: only Discord is asked.
    assert waiting.unread == (Unread("manager-one", "discord"),)


async def test_votes_from_both_chats_count_together(tmp_path: Path) -> None:
    """One approval on Slack and one on Discord are the two that it takes."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        rollback = await here.ask()
        await here.press("approve", "manager-one", rollback)
        await here.press("approve", "manager-two", rollback, **on_discord("manager-two"))
        assert (await here.end(rollback)).state is State.SUCCEEDED


async def test_both_channels_know_of_it(tmp_path: Path) -> None:
    """What is open and what was last is found from either channel, and from no other."""
    async with world(tmp_path, ON_BOTH, people=PEOPLE) as here:
        rollback = await here.ask()
        store = here.engine.store
        found = [await store.read(partial(_found, place)) for place in (DEPLOYS, CHANNEL)]
        nowhere = await store.read(partial(_found, Place(*SERVER, "2001")))
    assert found == [((rollback,), (rollback,), 1)] * 2
    assert nowhere == ((), (), 1)


def _found(place: Place, tx: Transaction) -> tuple[object, object, int]:
    return tx.open(place), tx.latest(place, 1), tx.count_undecided(place)
