"""Writes requests into a bot's database before it starts: as if it had been asked before.

They are made by the bot's own planning against the same providers, and sealed like its own; only
the messages are left out, since a thousand of them would measure Slack's pace.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from bot import app
from bot.clock import SystemClock
from bot.config import load
from bot.domain import approval
from bot.domain.event import Event, Happening
from bot.domain.people import Account
from bot.domain.rollback import Rollback, State, StepRun
from bot.domain.target import Target
from bot.engine.core import Engine
from bot.engine.durable import DbosDurable
from bot.engine.plan import _make
from bot.ports import Transaction
from bot.reports import audit_key
from bot.storage.store import SqlStore
from bot.tools import Scrubber
from tests.bench.baselines import TABLES

_AT_ONCE: Final = 16


async def plant(config: Path, environ: dict[str, str], *, targets: int, state: State) -> None:
    """Ask for the first ``targets`` of the configuration; bring them to pending, or to claimed."""
    registry = app.registry()
    settings = load(
        config, actions=registry.actions, assertions=registry.assertions, environ=environ
    )
    clock = SystemClock()
    store = SqlStore(settings.database_url, clock=clock, audit_key=audit_key(settings))
    await store.open()
    stack = AsyncExitStack()
    tools = app._tool_box(stack, settings, clock, Scrubber(()))
    engine = Engine(
        store=store,
        people=settings.people,
        targets=settings.targets,
        directories={},
        registry=registry,
        clock=clock,
        new_id=app.new_id,
        durable=DbosDurable("sqlite://", executor="none"),  # nothing is ever started here
        tools=tools,
    )
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await _plant_one(engine, settings.targets[number], f"rb-bench{number:04}", state)

    try:
        await asyncio.gather(*map(one, range(targets)))
    finally:
        await stack.aclose()
        await store.close()


async def plant_floor(home: Path, _environ: dict[str, str], *, projects: Sequence[str]) -> None:
    """Write the same into the database of the least that is durable: claimed, and not done."""
    with closing(sqlite3.connect(home / "floor.db")) as connection, connection:
        for table in TABLES:
            connection.execute(table)
        rows = [(project, "U00RESPONDER") for project in projects]
        connection.executemany("INSERT INTO incident VALUES (?, ?, 'executing')", rows)


async def _plant_one(engine: Engine, target: Target, rollback_id: str, state: State) -> None:
    requester = engine.people.everybody[0].key  # those who ask come first
    asked = Rollback(
        id=rollback_id,
        target=target.name,
        environment=target.environment,
        affected=target.affected,
        places=target.channels,
        requester=requester,
        asked_at=engine.clock.now(),
        policy=target.policy,
        approvers=target.approvers,
        rules_digest=target.rules_digest,
    )
    made = await _make(engine, asked)
    pending = replace(
        asked.to(State.PENDING),
        plan=made,
        planned_at=asked.asked_at,
        approve_by=asked.asked_at + target.policy.approve_ttl,
        steps=tuple(StepRun(name=step.name) for step in made.steps),
    )

    def work(tx: Transaction) -> None:
        tx.add(pending)
        where = {"target": target.name, "environment": target.environment}
        _record(tx, pending, Happening.REQUESTED, requester, **where)
        _record(tx, pending, Happening.PLANNED, None, digest=made.digest)
        if state is State.CLAIMED:
            _claim(tx, pending, made.digest)

    await engine.store.write(work)


def _claim(tx: Transaction, pending: Rollback, digest: str) -> None:
    agreed = pending
    for person in pending.approvers[:2]:
        agreed = approval.approve(agreed, person=person, digest=digest, at=tx.now)
        _record(tx, pending, Happening.APPROVED, person, digest=digest)
    claimed = replace(agreed.to(State.CLAIMED), claimed_at=tx.now, token=1)
    tx.lock(claimed.plan.resources if claimed.plan else (), claimed.id)
    tx.save(claimed)
    _record(tx, pending, Happening.CLAIMED, None, token="1", digest=digest)


def _record(
    tx: Transaction, about: Rollback, kind: Happening, person: str | None, **details: str
) -> None:
    place = about.places[0]
    account = Account(place.platform, place.tenant, person) if person else None
    tx.record(
        Event(
            kind=kind,
            at=tx.now,
            rollback_id=about.id,
            person=person,
            account=str(account) if account else None,
            details=details,
        )
    )
