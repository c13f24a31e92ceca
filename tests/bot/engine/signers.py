"""People with keys of their own, and what they sign."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.chat.terminal.keys import OwnKey, make
from bot.chat.terminal.signatures import Ed25519
from bot.domain.act import Act
from bot.domain.people import Account, People, Person
from bot.domain.rollback import Rollback
from bot.domain.target import TERMINAL, Target
from bot.engine import decide
from bot.engine.propose import Wish, propose
from bot.invocation import Invocation
from bot.message import Ticket
from bot.storage.part import Keeper
from tests.bot.engine.world import EVERYBODY, NUMBERS, VirtualClock, World, account, world

KEY = b"k" * 32
STORE = Keeper(VirtualClock(), KEY).mark  # of the store of every world


@dataclass(frozen=True)
class Signers:
    """A key for everybody, beside their chat accounts."""

    keys: dict[str, OwnKey]

    @classmethod
    def at(cls, folder: Path) -> "Signers":
        """Make them, or read them again."""
        return cls({person: make(folder / f"{person}.pem") for person in EVERYBODY})

    @property
    def people(self) -> People:
        """Return the people map that knows the keys."""
        return People(
            Person(key, key.title(), (account(key), own.account)) for key, own in self.keys.items()
        )

    def account(self, person: str) -> Account:
        return self.keys[person].account

    def invocation(self, person: str, act: Act, at: datetime, **changes: Any) -> Invocation:
        """Sign it, and hand it in from the command line."""
        own = self.keys[person]
        delivery, proof = own.sign(act, store=STORE, at=at)
        return replace(Invocation(own.account, TERMINAL, delivery, proof=proof), **changes)

    async def ask(self, here: World, person: str = "responder") -> Rollback:
        """Ask for the backend from the command line, and let it be planned."""
        asked = await self.ask_for(here, person)
        return await here.until(asked.id, lambda r: r.state != "planning")

    async def ask_for(self, here: World, person: str = "responder") -> Rollback:
        """Ask for the backend from the command line."""
        wish = Wish("backend", "production", reason="API answers 500")
        act = asking(words=wish.reason)
        return await propose(here.engine, self.invocation(person, act, here.clock.now()), wish)

    async def press(
        self, here: World, verb: str, person: str, rollback: Rollback, **changes: Any
    ) -> Rollback:
        """Decide from the command line."""
        ticket = ticket_of(rollback)
        act = Act(verb, ticket.rollback_id, ticket.digest)
        invocation = self.invocation(person, act, here.clock.now(), **changes)
        return await hand_in(here, verb, invocation, ticket)


def asking(**changes: str) -> Act:
    """Return what is signed to ask for the backend, with an id that nobody has yet."""
    act = Act("rollback", f"rb-{next(NUMBERS)}", target="backend", environment="production")
    return replace(act, **changes)


def ticket_of(rollback: Rollback) -> Ticket:
    """Return what its card's buttons carry."""
    return Ticket(rollback.id, rollback.plan.digest if rollback.plan else "")


async def hand_in(here: World, verb: str, invocation: Invocation, ticket: Ticket) -> Rollback:
    """Hand in what was signed."""
    act = getattr(decide, verb)
    result: Rollback = await act(here.engine, invocation, ticket)
    return result


def believing(here: World) -> World:
    """Let this world's engine know signatures."""
    here.engine = replace(here.engine, verifier=Ed25519())
    return here


@asynccontextmanager
async def terminal(folder: Path, signers: Signers, *targets: Target) -> AsyncIterator[World]:
    """A world in which keys are believed."""
    async with world(folder, *targets, people=signers.people) as here:
        yield believing(here)


async def codes(here: World, rollback_id: str | None) -> list[str]:
    """Return why things were refused."""
    events = await here.engine.store.read(lambda tx: tx.events(rollback_id))
    return [event.details["code"] for event in events if event.kind == "refused_delivery"]
