"""``python -m tests.bench.baselines default|lean|floor …``: bots over Socket Mode to compare with.

default  D: Bolt as its documentation shows it; it only acknowledges
lean     L: the same with ``process_before_response``
floor    F: the least that two approvals and no loss need. A command inserts an incident, a click
         an approval, and the second one claims the incident; both are on the disk before they are
         acknowledged. What was claimed and is not done is done at the next start.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Engine, TextClause, create_engine, event, text

from bot.workspace.slack import seed

TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS incident (key TEXT PRIMARY KEY, requester TEXT, state TEXT)",
    "CREATE TABLE IF NOT EXISTS approval (key TEXT, person TEXT, PRIMARY KEY (key, person))",
)
_ASK: Final = text("INSERT INTO incident VALUES (:key, :person, 'requested')")
_APPROVE: Final = text("INSERT INTO approval VALUES (:key, :person) ON CONFLICT DO NOTHING")
_CLAIM: Final = text(
    "UPDATE incident SET state = 'executing' WHERE key = :key AND state = 'requested' AND "
    "(SELECT count(*) FROM approval WHERE key = :key AND person <> incident.requester) >= 2"
)
_DONE: Final = text("UPDATE incident SET state = 'done' WHERE key = :key")
_UNFINISHED: Final = text("SELECT key FROM incident WHERE state = 'executing'")

_Job = tuple[tuple[TextClause, ...], Mapping[str, str], "asyncio.Future[int]"]


class Writer:
    """One thread that commits everything that is queued in one go."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._queue = queue.SimpleQueue[_Job]()
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
                    [connection.execute(one, values).rowcount for one in statements][-1]
                    for statements, values, _ in group
                ]
            self._loop.call_soon_threadsafe(_answer, group, counts)


def _answer(group: list[_Job], counts: list[int]) -> None:
    for (_, _, answer), count in zip(group, counts, strict=True):
        answer.set_result(count)


def _opened() -> Engine:
    engine = create_engine("sqlite:///floor.db")

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(text(table))
    return engine


async def floor(app: AsyncApp, port: int, provider: str) -> None:
    """Do what has to be done, and no more."""
    engine = _opened()
    writer, tasks = Writer(engine), set[asyncio.Task[None]]()

    async def execute(key: str) -> None:
        async with http.post(f"{provider}/v1/projects/{key}/rollback/dpl_{key}_v41") as answer:
            answer.raise_for_status()
        await writer.write(_DONE, key=key)

    def spawn(key: str) -> None:
        tasks.add(task := asyncio.create_task(execute(key)))
        task.add_done_callback(tasks.discard)

    @app.command("/rollback")
    async def ask(ack: AsyncAck, command: dict[str, str]) -> None:
        await writer.write(_ASK, key=command["text"], person=command["user_id"])
        await ack(f"{command['text']} is requested.")

    @app.action("approve")
    async def approve(ack: AsyncAck, action: dict[str, str], body: dict[str, Any]) -> None:
        person = body["user"]["id"]
        claimed = await writer.write(_APPROVE, _CLAIM, key=action["value"], person=person)
        await ack()
        if claimed:
            spawn(action["value"])

    async with aiohttp.ClientSession() as http:
        with engine.connect() as connection:
            for (key,) in connection.execute(_UNFINISHED).all():
                spawn(key)
        await _serve(app, port)


async def _serve(app: AsyncApp, port: int) -> None:
    if not port:
        handler: Any = AsyncSocketModeHandler(app, seed.APP_TOKEN)  # half typed by Bolt
        await handler.start_async()

    async def receive(request: web.Request) -> web.Response:
        asked = await to_bolt_request(request)
        return await to_aiohttp_response(await app.async_dispatch(asked))

    server = web.Application()
    server.router.add_post("/slack/{kind}", receive)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def _main(kind: str, api: str, port: str, *provider: str) -> None:
    client = AsyncWebClient(token=seed.BOT_TOKEN, base_url=api)
    app = AsyncApp(
        client=client,
        signing_secret=seed.SIGNING_SECRET,
        process_before_response=kind != "default",
    )
    if kind == "floor":
        await floor(app, int(port), *provider)
    else:

        @app.command("/rollback")
        async def take(ack: AsyncAck) -> None:
            await ack()

        await _serve(app, int(port))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
