"""Do something as oneself: it is signed with one's key, and handed to the desk like a click."""

import signal
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bot.chat.terminal import keys
from bot.cli.key import passphrase
from bot.config import Settings
from bot.desk import CommandDesk
from bot.domain.act import Act
from bot.domain.errors import TwokeyError
from bot.domain.people import People
from bot.domain.target import TERMINAL, Place
from bot.invocation import Answer, Command, Desk, Invocation
from bot.message import Message
from bot.ports import Store
from commands import COMMANDS

_NOTHING: Final = "Nothing was recorded. Try again in a moment."


def own_key(path: Path, people: People) -> keys.OwnKey:
    """Return one's own key, if the people map knows it."""
    where = path.expanduser()
    own = keys.read(where, ask=lambda: passphrase(where))
    people.behind(own.account)
    return own


async def is_anybody_leading(settings: Settings) -> bool:
    """Tell whether some bot plans and runs right now."""
    from bot.storage.leases import is_led  # noqa: PLC0415 - help needs no database

    return await is_led(settings.database_url, folder=settings.state_folder)


@dataclass(frozen=True)
class Hand:
    """One's own key, before the desk of one engine."""

    own: keys.OwnKey
    people: People
    store: Store
    desk: Desk
    done: list[str]  # the deliveries that went through

    async def do(
        self, verb: str, act: Act, *, value: str = "", fields: Mapping[str, str] | None = None
    ) -> Message:
        """Sign the act for this store, at its own time, and hand it in, or raise why not."""
        now, mark = await self.store.read(lambda tx: (tx.now, tx.mark))
        delivery, proof = self.own.sign(act, store=mark, at=now)
        invocation = Invocation(
            self.own.account, TERMINAL, delivery, value=value, fields=fields or {}, proof=proof
        )
        with _not_put_aside():
            if verb == "rollback":
                answer = await self.desk.called(verb, invocation)
            else:
                answer = await self.desk.pressed(verb, invocation)
        if delivery not in self.done:
            raise TwokeyError(answer.message.text if answer.message else _NOTHING)
        return answer.message or Message("It is recorded.")


@asynccontextmanager
async def beside(settings: Settings, own: keys.OwnKey) -> AsyncGenerator[Hand]:
    """Decide beside whoever plans and runs."""
    from bot import app  # noqa: PLC0415 - help needs no library of the chats

    async with app.beside(settings) as engine:
        done: list[str] = []
        desk = CommandDesk(engine, noting(done), link_to=nowhere)
        yield Hand(own, settings.people, engine.store, desk, done)


class AlreadyLed(TwokeyError):
    """Somebody else began to plan and run in this moment."""


@asynccontextmanager
async def leading(settings: Settings, own: keys.OwnKey) -> AsyncGenerator[Hand]:
    """Decide as the one who plans and runs, or raise that there is one."""
    from bot import app  # noqa: PLC0415
    from bot.storage.owner import Taken  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        try:
            engine = await stack.enter_async_context(app.leading(settings))
        except Taken as error:
            raise AlreadyLed(str(error)) from error
        done: list[str] = []
        desk = CommandDesk(engine, noting(done), link_to=nowhere)
        yield Hand(own, settings.people, engine.store, desk, done)


def noting(done: list[str]) -> Sequence[Command]:
    """Return the commands of every chat; each notes which deliveries it did not refuse."""

    def noted(command: Command) -> Command:
        async def handle(engine: Any, invocation: Invocation) -> Answer:  # noqa: ANN401 - not ours
            answer = await command.handle(engine, invocation)
            done.append(invocation.delivery)
            return answer

        return replace(command, handle=handle)

    return tuple(noted(command) for command in COMMANDS)


async def nowhere(_rollback_id: str, _near: Place) -> None:
    """Say that a terminal has no address to open."""


@contextmanager
def _not_put_aside() -> Generator[None]:
    """Keep Ctrl-Z from freezing us with the database in our hands, which everybody needs."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)
