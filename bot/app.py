"""The composition root: the one file that knows everybody and wires them, top to bottom."""

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import adapters
import notifications
from bot.chat.slack.client import SlackChat
from bot.chat.slack.directory import SlackDirectory
from bot.chat.slack.gateway import SlackGateway
from bot.clock import SystemClock
from bot.config import Settings
from bot.desk import CommandDesk
from bot.domain.errors import TwokeyError
from bot.engine.core import Engine, Limits
from bot.engine.deliver import Delivery
from bot.engine.durable import DbosDurable
from bot.engine.execute import execute
from bot.engine.registry import Registry
from bot.engine.sweep import sweep_forever
from bot.ports import Clock, Kind, Transaction
from bot.storage import SqlStore, load_or_create_key
from bot.tools import ToolBox
from commands import COMMANDS

_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # no character that reads like another


def registry() -> Registry:
    """Return every action and assertion that configuration can name."""
    return Registry(adapters.ACTIONS, adapters.ASSERTIONS)


def new_id() -> str:
    """Return a fresh short id; ids are names, never authority."""
    return "rb-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


@dataclass(frozen=True)
class Twokey:
    """A running bot."""

    engine: Engine
    delivery: Delivery
    gateway: SlackGateway


async def serve(
    settings: Settings,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    on_ready: Callable[[Twokey], None] = lambda _twokey: None,
) -> None:
    """Run the bot until it is told to end by SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ended.set)
    async with running(settings, clock=clock or SystemClock(), limits=limits or Limits()) as twokey:
        on_ready(twokey)
        await ended.wait()
