"""What goes wrong around the engine: a store that fails, a wall of messages, a sudden death."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeVar

from bot.domain.target import Place
from bot.message import Buttons, Message
from bot.ports import ChatRefused, ChatUnreachable, Reference, Remedy, Transaction
from bot.storage.errors import NotRecorded, OutcomeUnknown
from bot.storage.store import SqlStore
from tests.bot.engine.plant import nothing
from tests.bot.engine.world import Inline

T = TypeVar("T")
NONE: Mapping[int, str] = {}


def who(place: Place) -> str:
    """Return whose direct messages these are."""
    assert place.person
    return place.person.user


class Death:
    """Ends everything at one moment of a story: whoever gets there never gets any further."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.passed = 0
        self.came = asyncio.Event()

    async def moment(self) -> None:
        """Pass, unless this is the moment or a later one."""
        self.passed += 1
        if self.passed >= self.at:
            self.came.set()
            await asyncio.Event().wait()


class FaultyStore:
    """A real store whose writes can be refused, or done without an answer, or never answered."""

    def __init__(
        self,
        store: SqlStore,
        *,
        faults: Mapping[int, str] = NONE,
        death: Death | None = None,
    ) -> None:
        self.plain = store
        self._faults = faults
        self._moment = death.moment if death else nothing
        self.writes = 0

    async def write(self, work: Callable[[Transaction], T]) -> T:
        self.writes += 1
        fault = self._faults.get(self.writes)
        if fault == "refused":
            raise NotRecorded("The disk is full.")
        result = await self.plain.write(work)
        if fault == "unanswered":
            raise OutcomeUnknown("The database broke off.")
        await self._moment()
        return result

    async def read(self, work: Callable[[Transaction], T]) -> T:
        return await self.plain.read(work)


@dataclass
class Note:
    """One message that hangs on the wall."""

    place: Place
    thread: str | None
    key: str
    message: Message

    @property
    def verbs(self) -> set[str]:
        """Return what its buttons do."""
        rows = [block for block in self.message.blocks if isinstance(block, Buttons)]
        return {button.verb for row in rows for button in row.buttons}


@dataclass
class Wall:
    """A chat platform that outlives the bot; ``trouble`` may raise before a call takes effect."""

    notes: dict[str, Note] = field(default_factory=dict[str, Note])
    moment: Callable[[], Coroutine[Any, Any, None]] = nothing
    trouble: Callable[[str, str], None] = lambda _call, _what: None
    loses_answers: bool = False
    slow: asyncio.Event | None = None  # a post hangs until it is set
    slow_for: str = ""  # only those with this in their key

    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        self.trouble("post", key)
        if self.slow is not None and self.slow_for in key:
            await self.slow.wait()
        if thread is not None and thread.message not in self.notes:
            raise ChatRefused("The thread is gone.", remedy=Remedy.NEW_THREAD)
        at = str(next(self._numbers))
        self.notes[at] = Note(place, thread.message if thread else None, key, message)
        await self.moment()
        if self.loses_answers:
            raise ChatUnreachable("No answer.")
        return Reference(place, at)

    async def edit(self, reference: Reference, message: Message) -> None:
        if reference.message not in self.notes:
            raise ChatRefused("It is gone.", remedy=Remedy.ANEW)
        self.trouble("edit", self.notes[reference.message].key)
        self.notes[reference.message].message = message
        await self.moment()

    async def find(self, place: Place, *, thread: Reference | None, key: str) -> Reference | None:
        self.trouble("find", key)
        found = [at for at, note in self.notes.items() if (note.place, note.key) == (place, key)]
        return Reference(place, found[0]) if found else None

    async def link(self, reference: Reference) -> str:
        return f"https://wall.example/{reference.message}"

    def delete(self, at: str) -> None:
        """Take a message away, as a moderator does."""
        del self.notes[at]

    @property
    def keys(self) -> list[str]:
        """Return what hangs there, in order."""
        return [note.key for note in self.notes.values()]

    def at(self, key_part: str) -> str:
        """Return where the newest message with this in its key hangs."""
        return [at for at, note in self.notes.items() if key_part in note.key][-1]


class Idle(Inline):
    """Says that it runs what it is given, and never does."""

    async def start(self, execution_id: str) -> None:
        pass

    async def live(self, execution_ids: Collection[str]) -> frozenset[str]:
        return frozenset(execution_ids)


@dataclass
class Memory:
    """What a durable runner keeps on its own disk."""

    status: dict[str, str] = field(default_factory=dict[str, str])
    results: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


class Remembering(Inline):
    """Runs executions as DBOS does: finished pieces are remembered, an interrupted run resumed."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    async def launch(self, execution: Any) -> None:
        async def remembered(execution_id: str, _steps: object) -> None:
            steps = _Pieces(execution_id, self.memory)
            try:
                await execution(execution_id, steps)
            except Exception:
                self.memory.status[execution_id] = "ERROR"
                raise
            self.memory.status[execution_id] = "SUCCESS"

        await super().launch(remembered)
        for execution_id, status in self.memory.status.items():
            if status == "PENDING":
                await super().start(execution_id)

    async def start(self, execution_id: str) -> None:
        if execution_id not in self.memory.status:
            self.memory.status[execution_id] = "PENDING"
            await super().start(execution_id)

    async def live(self, execution_ids: Collection[str]) -> frozenset[str]:
        return frozenset(one for one in execution_ids if self.memory.status.get(one) == "PENDING")


@dataclass
class _Pieces:
    execution_id: str
    memory: Memory

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, str]]) -> str:
        at = (self.execution_id, name)
        if at not in self.memory.results:
            self.memory.results[at] = await work()
        return self.memory.results[at]

    async def run_all(
        self, pieces: Mapping[str, Callable[[], Coroutine[Any, Any, str]]]
    ) -> Mapping[str, str]:
        results = await asyncio.gather(*(self.run(name, work) for name, work in pieces.items()))
        return dict(zip(pieces, results, strict=True))
