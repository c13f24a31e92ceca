"""Requests at a terminal: signed to the last word, and counted like all others."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.act import Act
from bot.domain.errors import Refusal, Refused, TwokeyError
from bot.domain.target import TERMINAL
from bot.engine.propose import Wish, propose
from bot.invocation import Invocation
from tests.bot.builders import NOON
from tests.bot.engine.signers import (
    STORE,
    Signers,
    asking,
    codes,
    hand_in,
    terminal,
    ticket_of,
)
from tests.bot.engine.world import shop


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


@pytest.mark.parametrize(
    "signed",
    [
        asking(target="frontend", words="500"),
        asking(environment="staging", words="500"),
        asking(words="another reason"),
        asking(version="v1", words="500"),
        asking(digest="f" * 64, words="500"),
        asking(verb="approve", words="500"),
    ],
)
async def test_a_request_is_signed_to_its_last_word(
    tmp_path: Path, signers: Signers, signed: Act
) -> None:
    """A request whose target, environment, version or reason was not signed is refused."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation("responder", signed, here.clock.now())
        with pytest.raises(Refused) as refusal:
            await propose(here.engine, invocation, Wish("backend", "production", reason="500"))
        assert await codes(here, None) == ["tampered"]
    assert refusal.value.code is Refusal.TAMPERED


async def test_a_request_by_key_names_its_environment(tmp_path: Path, signers: Signers) -> None:
    """What is signed names the environment, even where there is only one."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation("responder", asking(environment=""), here.clock.now())
        with pytest.raises(Refused, match="in which environment"):
            await propose(here.engine, invocation, Wish("backend"))


async def test_requests_by_key_are_counted(tmp_path: Path, signers: Signers) -> None:
    """From the command line there may be as many open requests as from anywhere else."""
    targets = [replace(shop(), environment=f"e{number}") for number in range(2)]
    async with terminal(tmp_path, signers, *targets) as here:
        allowance = replace(here.engine.allowance, open=1)
        here.engine = replace(here.engine, allowance=allowance)
        await here.ask(environment="e0")
        act = asking(environment="e1")
        invocation = signers.invocation("responder", act, here.clock.now())
        with pytest.raises(Refused) as refusal:
            await propose(here.engine, invocation, Wish("backend", "e1"))
    assert refusal.value.code is Refusal.LIMIT


async def test_a_request_by_key_has_the_id_that_was_signed(
    tmp_path: Path, signers: Signers
) -> None:
    """Whoever asks by key picks the id, so that what they signed is good for one rollback only."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation("responder", asking(rollback="rb-7f3k2q"), NOON)
        asked = await propose(here.engine, invocation, Wish("backend", "production"))
    assert asked.id == "rb-7f3k2q"


@pytest.mark.parametrize("odd", ["", "rb", "rb-7F3K", "rb-7f3k|x", "rb-" + "a" * 13, "rb-٣٣٣٣"])
async def test_an_odd_id_is_refused(tmp_path: Path, signers: Signers, odd: str) -> None:
    """An id that could not be typed is refused, however well it is signed."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation("responder", asking(rollback=odd), NOON)
        with pytest.raises(Refused, match="Nothing was changed"):
            await propose(here.engine, invocation, Wish("backend", "production"))
        assert len(await codes(here, None)) == 1


async def test_an_id_is_given_once(tmp_path: Path, signers: Signers) -> None:
    """Nobody takes the id of another rollback, and that one stays as it is."""
    async with terminal(tmp_path, signers, shop(), replace(shop(), environment="e1")) as here:
        first = await signers.ask(here)
        act = asking(rollback=first.id, environment="e1")
        invocation = signers.invocation("manager-one", act, here.clock.now())
        with pytest.raises(TwokeyError, match="Nothing was"):
            await propose(here.engine, invocation, Wish("backend", "e1"))
        assert await here.load(first.id) == first


async def test_what_was_signed_for_another_store_is_refused(
    tmp_path: Path, signers: Signers
) -> None:
    """What was signed for the store with another audit key is worth nothing in this one."""
    async with terminal(tmp_path, signers) as here:
        asked = await here.ask()
        ticket, own = ticket_of(asked), signers.keys["manager-one"]
        act = Act("approve", asked.id, ticket.digest)
        delivery, proof = own.sign(act, store=STORE[::-1], at=here.clock.now())
        elsewhere = Invocation(own.account, TERMINAL, delivery, proof=proof)
        with pytest.raises(Refused, match="another database") as refusal:
            await hand_in(here, "approve", elsewhere, ticket)
        assert (await here.load(asked.id)).given == 0
    assert refusal.value.code is Refusal.TAMPERED
