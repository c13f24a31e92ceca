"""Decisions on the command line: nothing but the signature vouches for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.act import Act
from bot.domain.errors import Refusal, Refused
from bot.domain.rollback import Rollback, State
from bot.domain.target import TERMINAL
from bot.invocation import Invocation, Signed
from tests.bot.engine.plant import Plant
from tests.bot.engine.signers import (
    STORE,
    Signers,
    believing,
    codes,
    hand_in,
    terminal,
    ticket_of,
)
from tests.bot.engine.world import World, account, shop, world

Change = Callable[[Invocation], Invocation]


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


async def refused(here: World, invocation: Invocation, asked: Rollback) -> Refusal:
    """Hand in an approval that must not count, and return why it does not."""
    with pytest.raises(Refused) as refusal:
        await hand_in(here, "approve", invocation, ticket_of(asked))
    assert "Nothing was changed" in str(refusal.value)
    assert (await here.load(asked.id)).given == 0
    assert await codes(here, asked.id) == [refusal.value.code]
    return refusal.value.code


async def test_a_rollback_without_any_chat(tmp_path: Path, plant: Plant, signers: Signers) -> None:
    """A target without channels is asked for, approved twice and rolled back by keys alone."""
    async with terminal(tmp_path, signers, replace(shop(), channels=())) as here:
        asked = await signers.ask(here)
        await signers.press(here, "approve", "manager-one", asked)
        await signers.press(here, "approve", "manager-two", asked)
        ended = await here.end(asked)
        owed = await here.engine.store.read(lambda tx: tx.due_postings(10))
    assert (ended.state, plant.pulled, owed) == (State.SUCCEEDED, ["api"], ())


async def test_a_key_and_a_chat_decide_together(
    tmp_path: Path, plant: Plant, signers: Signers
) -> None:
    """An approval by a click and one by a key are two approvals."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        await here.press("approve", "manager-one", asked)
        await signers.press(here, "approve", "manager-two", asked)
        ended = await here.end(asked)
    assert (ended.state, plant.pulled) == (State.SUCCEEDED, ["api"])


async def test_one_human_has_one_vote(tmp_path: Path, signers: Signers) -> None:
    """A click and a key of one human are one vote, and nobody approves their own request."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        await here.press("approve", "manager-one", asked)
        await signers.press(here, "approve", "manager-one", asked)
        with pytest.raises(Refused) as twice:
            await signers.press(here, "approve", "manager-one", asked)
        with pytest.raises(Refused) as own:
            await signers.press(here, "approve", "responder", asked)
        given = (await here.load(asked.id)).given
    assert (twice.value.code, own.value.code) == (Refusal.ALREADY_APPROVED, Refusal.OWN_REQUEST)
    assert given == 1


@pytest.mark.parametrize("verb", ["reject", "cancel", "stop", "withdraw"])
async def test_what_else_is_decided_by_key(tmp_path: Path, signers: Signers, verb: str) -> None:
    """Every decision by a key keeps its signature and what was signed in its audit entry."""
    async with terminal(tmp_path, signers, shop(start_delay=timedelta(minutes=5))) as here:
        asked = await here.approved()
        await signers.press(here, verb, "manager-one", asked)
        after = await here.load(asked.id)
        events = await here.engine.store.read(lambda tx: tx.events(asked.id))
    assert after.state in {State.REJECTED, State.CANCELLED, State.PENDING}
    kept = [event for event in events if "signed" in event.details]
    assert [event.account for event in kept] == [str(signers.account("manager-one"))]
    assert f'"verb":"{verb}"' in kept[0].details["signed"]
    assert len(kept[0].details["signature"]) == 128


def unsigned(invocation: Invocation) -> Invocation:
    return replace(invocation, proof=None)


def one_byte_off(invocation: Invocation) -> Invocation:
    assert invocation.proof
    return replace(invocation, proof=replace(invocation.proof, text=invocation.proof.text + " "))


def another_signature(invocation: Invocation) -> Invocation:
    assert invocation.proof
    last = "0" if invocation.proof.signature[-1] != "0" else "1"
    signature = invocation.proof.signature[:-1] + last
    return replace(invocation, proof=replace(invocation.proof, signature=signature))


def nonsense(invocation: Invocation) -> Invocation:
    return replace(invocation, proof=Signed("\ud800", "zz"))


def under_another_name(invocation: Invocation) -> Invocation:
    return replace(invocation, delivery="signed:another")


def from_a_channel(invocation: Invocation) -> Invocation:
    return replace(invocation, place=shop().channels[0], message="card")


def as_a_chat_account(invocation: Invocation) -> Invocation:
    return replace(invocation, account=account("manager-one"))


@pytest.mark.parametrize(
    "change",
    [
        unsigned,
        one_byte_off,
        another_signature,
        nonsense,
        under_another_name,
        from_a_channel,
        as_a_chat_account,
    ],
)
async def test_what_is_not_signed_well_is_refused(
    tmp_path: Path, signers: Signers, change: Change
) -> None:
    """A missing, edited or foreign signature changes nothing and leaves one audit entry."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        good = signers.invocation("manager-one", act, here.clock.now())
        assert await refused(here, change(good), asked) is Refusal.TAMPERED


async def test_somebody_elses_signature_is_refused(tmp_path: Path, signers: Signers) -> None:
    """What one key signed is no decision of another key, whoever hands it in."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        theirs = signers.invocation("manager-one", act, here.clock.now())
        stolen = replace(theirs, account=signers.account("manager-two"))
        assert await refused(here, stolen, asked) is Refusal.TAMPERED


async def test_nobody_signs_in_anothers_name(tmp_path: Path, signers: Signers) -> None:
    """A text that names another key than the one that signed it is worth nothing."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        mine = signers.keys["manager-two"]
        pretending = replace(mine, account=signers.account("manager-one"))
        delivery, proof = pretending.sign(act, store=STORE, at=here.clock.now())
        invocation = Invocation(mine.account, TERMINAL, delivery, proof=proof)
        assert await refused(here, invocation, asked) is Refusal.TAMPERED


@pytest.mark.parametrize(
    "other",
    [
        {"verb": "reject"},
        {"rollback": "rb-another"},
        {"digest": "f" * 64},
        {"digest": ""},
        {"about": "api"},
        {"words": "and why"},
        {"target": "backend"},
    ],
)
async def test_another_act_is_refused(
    tmp_path: Path, signers: Signers, other: dict[str, str]
) -> None:
    """A good signature under anything else than exactly this act is worth nothing."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = replace(Act("approve", asked.id, ticket_of(asked).digest), **other)
        invocation = signers.invocation("manager-one", act, here.clock.now())
        assert await refused(here, invocation, asked) is Refusal.TAMPERED


@pytest.mark.parametrize("seconds", [301, 86_400, -61])
async def test_a_signature_of_another_time_is_refused(
    tmp_path: Path, signers: Signers, seconds: int
) -> None:
    """A signature is good for five minutes on the store's clock, and not before its time."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        at = here.clock.now() - timedelta(seconds=seconds)
        invocation = signers.invocation("manager-one", act, at)
        assert await refused(here, invocation, asked) is Refusal.TAMPERED


async def test_a_signature_counts_once(tmp_path: Path, signers: Signers) -> None:
    """The same statement again changes nothing, not even after its approval was withdrawn."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        signed = signers.invocation("manager-one", act, here.clock.now())
        await hand_in(here, "approve", signed, ticket_of(asked))
        await signers.press(here, "withdraw", "manager-one", asked)
        with pytest.raises(Refused) as again:
            await hand_in(here, "approve", signed, ticket_of(asked))
        given = (await here.load(asked.id)).given
    assert (again.value.code, given) == (Refusal.DUPLICATE, 0)


async def test_without_a_verifier_no_key_is_believed(tmp_path: Path, signers: Signers) -> None:
    """An engine that knows no signatures refuses every key."""
    async with world(tmp_path, people=signers.people) as here:
        asked = await here.ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        invocation = signers.invocation("manager-one", act, here.clock.now())
        assert await refused(here, invocation, asked) is Refusal.TAMPERED


async def test_a_key_that_is_in_no_map_is_refused(tmp_path: Path, signers: Signers) -> None:
    """A key that the people map does not know can do nothing, however well it signs."""
    async with world(tmp_path) as here:
        asked = await believing(here).ask()
        act = Act("approve", asked.id, ticket_of(asked).digest)
        invocation = signers.invocation("manager-one", act, here.clock.now())
        assert await refused(here, invocation, asked) is Refusal.UNKNOWN_PERSON


async def test_the_terminal_is_no_way_round_for_chats(tmp_path: Path, signers: Signers) -> None:
    """A chat account gets nowhere by claiming to be at the command line."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        with pytest.raises(Refused) as refusal:
            await here.press("approve", "manager-one", asked, place=TERMINAL)
    assert refusal.value.code is Refusal.TAMPERED
