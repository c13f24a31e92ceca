"""What the command line reads from the store, beside a running bot or without one."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.chat.markdown import to_markdown, to_text
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.errors import TwokeyError
from bot.domain.event import Event
from bot.ports import Clock
from bot.storage.beside import SecondStore
from bot.storage.chain import load_or_create_key
from bot.storage.files import is_there
from bot.storage.server_clock import shared_clock
from bot.storage.store import SqlStore
from notifications import report, summary, to_json


def audit_key(settings: Settings) -> bytes:
    """Return the key of the audit chain; an embedded store makes its own on the first start."""
    if isinstance(settings.audit_key, Path):
        return load_or_create_key(settings.audit_key)
    return bytes.fromhex(settings.audit_key.value)


async def clock_of(settings: Settings, own: Clock | None = None) -> Clock:
    """Return the clock to write with beside others: on a server its own, and not this machine's."""
    return await shared_clock(settings.database_url, own or SystemClock())


@asynccontextmanager
async def opened(
    settings: Settings, *, clock: Clock | None = None, name: str = ""
) -> AsyncGenerator[SqlStore]:
    """Open the store beside whoever owns it and may be running: nothing is made or migrated."""
    if isinstance(settings.audit_key, Path) and not is_there(settings.audit_key):
        raise TwokeyError(
            f"There is no audit key at {settings.audit_key}. Nothing was changed. Twokey makes it "
            "with the database when it first starts (twokey serve). If it has started before, "
            "restore the key."
        )
    key, url = audit_key(settings), settings.database_url
    clock = clock or await clock_of(settings)
    async with _open(SecondStore(url, clock=clock, audit_key=key, name=name)) as it:
        yield it


@asynccontextmanager
async def _open(store: SqlStore) -> AsyncGenerator[SqlStore]:
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def summary_of(settings: Settings, rollback_id: str, *, form: str) -> str:
    """Return the summary of one rollback as ``md``, ``json`` or ``text``."""
    async with opened(settings) as store:
        rollback, events = await store.read(
            lambda tx: (tx.load(rollback_id), tx.events(rollback_id))
        )
    known = summary(rollback, events, settings.people)
    if form == "json":
        return json.dumps(to_json(known), indent=2)
    message = report(known, most=1000)
    return to_markdown(message) if form == "md" else to_text(message)


async def verify_audit(settings: Settings) -> tuple[bool, str]:
    """Verify the audit chain and say what was found in a sentence."""
    async with opened(settings) as store:
        found = await store.verify_chain()
    if found.is_intact:
        return True, f"The audit chain is intact: {found.sequence} entries, head {found.mac[:16]}."
    return False, "The audit chain is broken:\n" + "\n".join(found.problems)


async def events_beside(settings: Settings) -> tuple[Event, ...]:
    """Return what the audit chain says happened outside of all rollbacks, verified."""
    async with opened(settings) as store:
        return await store.read(lambda tx: tx.events(None))
