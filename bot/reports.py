"""What the command line reads from the store, beside a running bot or without one."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.chat.markdown import to_markdown, to_text
from bot.clock import SystemClock
from bot.config import Settings
from bot.domain.event import Event
from bot.storage.chain import load_or_create_key
from bot.storage.store import SqlStore
from notifications import report, summary, to_json


def audit_key(settings: Settings) -> bytes:
    """Return the key of the audit chain; an embedded store makes its own on the first start."""
    if isinstance(settings.audit_key, Path):
        return load_or_create_key(settings.audit_key)
    return bytes.fromhex(settings.audit_key.value)


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[SqlStore]:
    store = SqlStore(settings.database_url, clock=SystemClock(), audit_key=audit_key(settings))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def summary_of(settings: Settings, rollback_id: str, *, form: str) -> str:
    """Return the summary of one rollback as ``md``, ``json`` or ``text``."""
    async with _opened(settings) as store:
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
    async with _opened(settings) as store:
        found = await store.verify_chain()
    if found.is_intact:
        return True, f"The audit chain is intact: {found.sequence} entries, head {found.mac[:16]}."
    return False, "The audit chain is broken:\n" + "\n".join(found.problems)


async def events_beside(settings: Settings) -> tuple[Event, ...]:
    """Return what the audit chain says happened outside of all rollbacks, verified."""
    async with _opened(settings) as store:
        return await store.read(lambda tx: tx.events(None))
