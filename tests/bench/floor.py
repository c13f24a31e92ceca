"""``python -m tests.bench.floor API PROVIDER DATABASE``: baseline F, the least that is durable.

A command inserts an incident, a click inserts an approval and, if it is the second one, claims the
incident; both are on the disk before they are acknowledged. Then the provider is told. Whatever
was claimed and not done is done at the next start.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from slack_bolt.context.ack.async_ack import AsyncAck
from sqlalchemy import Engine, TextClause, create_engine, event, text

from tests.bench.bare import make_app, serve

_TABLES: Final = (
    "CREATE TABLE incident (key TEXT PRIMARY KEY, requester TEXT, state TEXT)",
    "CREATE TABLE approval (key TEXT, person TEXT, PRIMARY KEY (key, person))",
)
_ASK: Final = text("INSERT INTO incident VALUES (:key, :person, 'requested')")
_APPROVE: Final = text("INSERT INTO approval VALUES (:key, :person) ON CONFLICT DO NOTHING")
_CLAIM: Final = text(
    "UPDATE incident SET state = 'executing' WHERE key = :key AND state = 'requested' AND "
    "(SELECT count(*) FROM approval WHERE key = :key AND person <> incident.requester) >= 2"
)
_DONE: Final = text("UPDATE incident SET state = 'done' WHERE key = :key")
_UNFINISHED: Final = text("SELECT key FROM incident WHERE state = 'executing'")

Written = tuple[tuple[TextClause, ...], Mapping[str, str], "asyncio.Future[int]"]


class Writer:
    """One thread that commits everything that is queued in one go."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._queue = queue.SimpleQueue[Written]()
        threading.Thread(target=self._run, daemon=True).start()

    async def write(self, *statements: TextClause, **values: str) -> int:
        """Commit the statements and return how many rows the last one changed."""
        answer: asyncio.Future[int] = self._loop.create_future()
        self._queue.put((statements, values, answer))
        return await answer

    def _run(self) -> None:
        while True:
            group = [self._queue.get()]
            while not self._queue.empty():
                group.append(self._queue.get())
            with self._engine.begin() as connection:
                counts = [
                    [connection.execute(each, values).rowcount for each in statements][-1]
                    for statements, values, _ in group
                ]
            self._loop.call_soon_threadsafe(_answer, group, counts)


def _answer(group: list[Written], counts: list[int]) -> None:
    for (_, _, answer), count in zip(group, counts, strict=True):
        answer.set_result(count)


def _open(path: str) -> Engine:
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    with engine.begin() as connection:
        for table in _TABLES:
            connection.execute(text(table.replace("TABLE", "TABLE IF NOT EXISTS")))
    return engine


async def _main(api: str, provider: str, path: str) -> None:
    engine = _open(path)
    writer, app = Writer(engine), make_app(api, is_lean=True)
    tasks = set[asyncio.Task[None]]()

    def execute_soon(key: str) -> None:
        tasks.add(task := asyncio.create_task(execute(key)))
        task.add_done_callback(tasks.discard)

    async def execute(key: str) -> None:
        address = f"{provider}/v1/projects/{key}/rollback/dpl_{key}_v41"
        async with http.post(address, headers={"Authorization": "Bearer local-vercel"}) as answer:
            answer.raise_for_status()
        await writer.write(_DONE, key=key)

    @app.command("/rollback")
    async def ask(ack: AsyncAck, command: dict[str, str]) -> None:
        await writer.write(_ASK, key=command["text"], person=command["user_id"])
        await ack(f"{command['text']} is requested.")

    @app.action("approve")
    async def approve(ack: AsyncAck, action: dict[str, str], body: dict[str, Any]) -> None:
        key = action["value"]
        claimed = await writer.write(_APPROVE, _CLAIM, key=key, person=body["user"]["id"])
        await ack()
        if claimed:
            execute_soon(key)

    async with aiohttp.ClientSession() as http:
        with engine.connect() as connection:
            for (key,) in connection.execute(_UNFINISHED).all():
                execute_soon(key)
        await serve(app)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
