"""The composition root: the one file that knows everybody and wires them, top to bottom."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, Final

import adapters
from bot import connections, logs
from bot.chat.terminal.signatures import Ed25519
from bot.chats import Gateway, Platform
from bot.clock import SystemClock
from bot.config import Role, Settings
from bot.desk import CommandDesk
from bot.domain.errors import TwokeyError
from bot.engine.bell import Bell
from bot.engine.core import Engine, Limits
from bot.engine.deliver import Delivery
from bot.engine.durable import DbosDurable
from bot.engine.execute import execute
from bot.engine.registry import Registry
from bot.engine.sweep import sweep_forever
from bot.faultpoints import FaultPoint, reached
from bot.health import Check, Health
from bot.listener import Handler, Listener
from bot.ports import Clock, Lease
from bot.reports import audit_key, clock_of, opened
from bot.storage.leases import Membership, membership
from bot.storage.store import SqlStore
from bot.tools import Scrubber, ToolBox, reachable
from commands import COMMANDS
from notifications import renderer

log = logging.getLogger("twokey")
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # no character that reads like another


def registry() -> Registry:
    """Return every action and assertion that configuration can name."""
    return Registry(adapters.ACTIONS, adapters.ASSERTIONS)


def new_id() -> str:
    """Return a fresh short id; ids are names, never authority."""
    return "rb-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def check_names(settings: Settings) -> None:
    """Refuse targets whose names nobody could type, because they are commands."""
    taken = {command.verb for command in COMMANDS}
    for target in settings.targets:
        if target.name.lower() in taken:
            raise TwokeyError(
                f"{settings.path}: a target can't be called “{target.name}”, because "
                f"/rollback {target.name} is a command. Nothing was started. Rename it."
            )


async def serve(
    settings: Settings,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Run the bot until SIGINT or SIGTERM tells it to end."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    async with running(settings, clock=clock or SystemClock(), limits=limits or Limits()):
        on_ready()
        await ended.wait()


@contextlib.asynccontextmanager
async def running(settings: Settings, *, clock: Clock, limits: Limits) -> AsyncGenerator[Engine]:
    """Start everything in order, and end it in the reverse one."""
    os.umask(0o077)  # whatever is written holds decisions: nobody else reads it
    scrub = Scrubber(settings.secret_values())
    logs.set_up(scrub=scrub)
    async with contextlib.AsyncExitStack() as stack:
        member, store = await _database(stack, settings, clock, scrub)
        reached(FaultPoint.STORE_OPENED)
        tools = None if settings.role == "chat" else _tool_box(stack, settings, clock, scrub)
        # Twice does no harm here, so whoever answered last goes on while the database is away.
        receives = partial(member.is_left_to_us, Lease.RECEPTION)
        these = connections.chats(settings, store, COMMANDS, learn=scrub.learn, receives=receives)
        platforms = await stack.enter_async_context(these)
        by_name = {one.name: one.chat for one in platforms}
        durable = DbosDurable(settings.durable_url, executor=member.name)
        engine = Engine(
            store=store,
            people=settings.people,
            targets=settings.targets,
            directories={one.name: one.directory for one in platforms},
            registry=registry(),
            clock=clock,
            new_id=new_id,
            durable=durable,
            tools=tools,
            may_execute=partial(member.holds, Lease.EXECUTION),
            limits=limits,
            allowance=settings.allowance,
            verifier=Ed25519(),
        )
        delivery = Delivery(
            store=store,
            chats=by_name,
            render=renderer(settings.people),
            clock=clock,
            is_ours=partial(member.holds, Lease.DELIVERY),
            foreground=engine.foreground,
        )
        sweeper = _woken(delivery, store, member)
        desk = CommandDesk(engine, COMMANDS, link_to=connections.link_to(store, by_name))
        gateways = {one.title: one.gateway_to(desk) for one in platforms}
        # After all clients are built: DBOS adopts the loop and resumes what a crash interrupted.
        if tools is not None:
            await durable.launch(lambda execution, steps: execute(engine, execution, steps))
        stack.push_async_callback(durable.close)
        stack.push_async_callback(engine.close)  # behind the gateway, which may still start work
        for gateway in gateways.values():
            stack.push_async_callback(gateway.stop)
        works = (delivery.run_forever(), sweep_forever(engine, sweeper))
        tasks = [_beside(stack, work) for work in works]
        reached(FaultPoint.EXECUTIONS_RESUMED)
        health = _health(settings.role, store, durable, tasks, gateways)
        doors = (*(one.routes() for one in gateways.values()), *(one.routes for one in platforms))
        await _listen(stack, settings, health, dict(chain.from_iterable(d.items() for d in doors)))
        if settings.role != "executor":
            _beside(stack, connections.keep_warm(platforms, store, settings.people))
            await _hear(stack, platforms, gateways, member)
        log.info("twokey is running")
        yield engine


@contextlib.asynccontextmanager
async def leading(settings: Settings, *, clock: Clock | None = None) -> AsyncGenerator[Engine]:
    """Plan and run until the context ends, and show what can be shown; no chat is heard."""
    logging.disable(logging.WARNING if sys.stderr.isatty() else logging.INFO)  # people read there
    alone = replace(settings, role="executor", listen=None)
    clock = await clock_of(settings, clock)
    async with running(alone, clock=clock, limits=Limits()) as engine:
        yield engine


@contextlib.asynccontextmanager
async def beside(settings: Settings, *, clock: Clock | None = None) -> AsyncGenerator[Engine]:
    """Open what it takes to decide by key beside a running bot: nothing is planned or run here."""
    clock, name = await clock_of(settings, clock), secrets.token_hex(8)
    async with opened(settings, clock=clock, name=name) as store:
        yield Engine(
            store=store,
            people=settings.people,
            targets=settings.targets,
            directories={},
            registry=registry(),
            clock=clock,
            new_id=new_id,
            durable=DbosDurable(settings.durable_url, executor=name),  # never launched
            allowance=settings.allowance,
            verifier=Ed25519(),
        )


async def _database(
    stack: contextlib.AsyncExitStack, settings: Settings, clock: Clock, scrub: Scrubber
) -> tuple[Membership, SqlStore]:
    """Join the processes that share the database, if any do, and open it."""
    url = settings.database_url
    member = membership(url, folder=settings.state_folder, wanted=_leases(settings.role))
    await member.join()
    stack.push_async_callback(member.close)
    key = audit_key(settings)
    scrub.learn(key.hex())
    store = SqlStore(url, clock=clock, audit_key=key, name=member.name)
    await store.open()
    stack.push_async_callback(store.close)
    _beside(stack, member.run_forever())
    return member, store


def _woken(delivery: Delivery, store: SqlStore, member: Membership) -> Bell:
    """Wake what has to look again when something was committed; return the sweeper's bell."""
    sweeper = Bell()
    store.on_commit(delivery.wake)
    member.on_news(delivery.wake)
    member.on_news(sweeper.ring)  # what this process commits, it starts by itself
    return sweeper


def _leases(role: Role) -> tuple[Lease, ...]:
    """Return what a process of this role can do: everybody delivers."""
    return (Lease.DELIVERY,) if role == "chat" else (Lease.EXECUTION, Lease.DELIVERY)


def _health(
    role: Role,
    store: SqlStore,
    durable: DbosDurable,
    tasks: Sequence[asyncio.Task[None]],
    gateways: Mapping[str, Gateway],
) -> Health:
    """Return what tells whether all that people need to be served is in order."""

    async def database() -> str:
        return "" if await store.is_current() else "Its tables are of another version of Twokey."

    async def executor() -> str:
        is_running = durable.is_running and not any(task.done() for task in tasks)
        return "" if is_running else "It has stopped; the log says why."

    async def chat() -> str:
        return await connections.disconnected(gateways)

    parts: dict[Role, Mapping[str, Check]] = {
        "all": {"executor": executor, "chat": chat},
        "executor": {"executor": executor},
        "chat": {"chat": chat},
    }
    remarks = {} if role == "executor" else {"chat": partial(connections.absent, gateways)}
    return Health({"database": database, **parts[role]}, now=time.monotonic, remarks=remarks)


async def _listen(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    health: Health,
    doors: Mapping[str, Handler],
) -> None:
    """Answer who asks for the health; who only executes opens no other door."""
    if settings.listen is None:
        return
    routes = {**health.routes(), **({} if settings.role == "executor" else doors)}
    listener = Listener(routes, host=settings.listen.host, port=settings.listen.port)
    await listener.start()
    stack.push_async_callback(listener.stop)
    log.info("listening at %s", listener.address)


async def _hear(
    stack: contextlib.AsyncExitStack,
    platforms: Sequence[Platform],
    gateways: Mapping[str, Gateway],
    member: Membership,
) -> None:
    """Connect to every chat; what every process is told is answered by one that is connected."""
    all_told = [gateways[one.title] for one in platforms if one.tells_all]
    member.want(Lease.RECEPTION, only_while=partial(connections.is_any_connected, all_told))
    stack.push_async_callback(member.hand_over, Lease.RECEPTION)
    for trying in await connections.connect(tuple(gateways.values())):
        _watched(stack, trying)


def _beside(
    stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None]
) -> asyncio.Task[None]:
    return _watched(stack, asyncio.create_task(work))


def _watched(stack: contextlib.AsyncExitStack, task: asyncio.Task[None]) -> asyncio.Task[None]:
    task.add_done_callback(_tell_why)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return task


def _tell_why(task: asyncio.Task[None]) -> None:
    """Say at once that something which should go on for ever does not, instead of at the end."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task died: %r", error, exc_info=error)


def _tool_box(
    stack: contextlib.AsyncExitStack, settings: Settings, clock: Clock, scrub: Scrubber
) -> ToolBox:
    endpoints = {**adapters.ENDPOINTS, **settings.endpoints}
    tools = ToolBox(
        clock=clock,
        secrets=settings.provider_secrets(),
        endpoints=endpoints,
        origins=reachable(endpoints, settings.targets),
        scrub=scrub,
    )
    stack.push_async_callback(tools.close)
    return tools
