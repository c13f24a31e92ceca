"""One of two processes that decide by key about the same rollbacks at the same time.

Started as ``python -m tests.bot.engine.signed_race URL KEYS PERSON VERB ID…``; it says ``ready``,
waits for a line, and prints what became of each decision. The verb ``click`` approves in the chat.
"""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.chat.terminal.keys import OwnKey, read
from bot.chat.terminal.signatures import Ed25519
from bot.domain.act import Act
from bot.domain.errors import Refused
from bot.domain.people import People, Person
from bot.domain.target import TERMINAL, Target
from bot.engine import decide
from bot.engine.core import Engine
from bot.engine.registry import Registry
from bot.invocation import Invocation
from bot.message import Ticket
from bot.storage.beside import SecondStore
from tests.bot.builders import DEPLOYS, NOON
from tests.bot.engine.plant import Health, Pull, Push
from tests.bot.engine.signers import KEY, STORE
from tests.bot.engine.world import EVERYBODY, Inline, Members, VirtualClock, account, shop

RACES = 30


def people(folder: Path) -> People:
    """Return everybody with their chat accounts and their keys."""
    return People(
        Person(one, one.title(), (account(one), key_of(folder, one).account)) for one in EVERYBODY
    )


def targets() -> tuple[Target, ...]:
    """Return a target for each race, since each may have one open rollback only."""
    alone = shop(start_delay=timedelta(0))
    return tuple(replace(alone, environment=f"e{number:03}") for number in range(RACES))


def key_of(folder: Path, person: str) -> OwnKey:
    """Read somebody's key."""
    return read(folder / f"{person}.pem", ask=lambda: "")


async def main(url: str, folder: Path, person: str, verb: str, ids: list[str]) -> None:
    """Decide about all of them, as fast as possible."""
    clock = VirtualClock()
    store = SecondStore(url, clock=clock, audit_key=KEY, name=f"{person}-{verb}")
    await store.open()
    engine = Engine(
        store=store,
        people=people(folder),
        targets=targets(),
        directories={"slack": Members()},
        registry=Registry((Pull, Push), (Health,)),
        clock=clock,
        new_id=lambda: "rb-0000",
        durable=Inline(),
        verifier=Ed25519(),
    )
    print("ready", flush=True)  # noqa: T201 - it is how the processes start together
    await asyncio.to_thread(sys.stdin.readline)
    own = key_of(folder, person)
    results = [await decided(engine, own, person, verb, rollback_id) for rollback_id in ids]
    await store.close()
    print(*results)  # noqa: T201


async def decided(engine: Engine, own: OwnKey, person: str, verb: str, rollback_id: str) -> str:
    """Sign one decision, or click in the chat, and say what became of it."""
    known = await engine.store.read(lambda tx: tx.load(rollback_id))
    digest = known.plan.digest if known.plan else ""
    delivery, proof = own.sign(Act(verb, rollback_id, digest), store=STORE, at=NOON)
    invocation = Invocation(own.account, TERMINAL, delivery, proof=proof)
    if verb == "click":
        delivery, verb = f"click-{rollback_id}", "approve"
        invocation = Invocation(account(person), DEPLOYS, delivery, message="card")
    act = getattr(decide, verb)
    try:
        after = await act(engine, invocation, Ticket(rollback_id, digest))
    except Refused as refused:
        return str(refused.code)
    return str(after.state)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:]))
