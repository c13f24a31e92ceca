"""Durable execution by DBOS: the only module that knows it.

DBOS remembers which executions are unfinished and runs them again after a crash. What they did is
in our own store; were its tables lost, the sweeper would start every claim anew and nothing would
happen twice. docs/adr/0001 says why; the traps are DBOS's own and marked where they are avoided.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import closing
from typing import Any, Final, NoReturn, cast

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from dbos import _serialization as serialization  # pyright: ignore[reportPrivateUsage]

from bot.domain.errors import TwokeyError
from bot.ports import Execution

# Changes only when a running execution could not be replayed by newer code.
_SHAPE: Final = "twokey-2"
Work = Callable[[], Coroutine[Any, Any, str]]
_LIVE: Final = ("PENDING", "ENQUEUED")
_CONNECTIONS: Final = 5


class DbosSteps:
    """Runs pieces of work as DBOS steps, whose results are kept."""

    async def run(self, name: str, work: Work) -> str:
        """Run one piece; its result is remembered once it is finished."""
        return await DBOS.run_step_async({"name": name}, _as_function(work))

    async def run_all(self, pieces: Mapping[str, Work]) -> Mapping[str, str]:
        """Run pieces side by side; their step ids are taken first, so a replay can't mix them.

        One that fails waits for the others: what is in flight must not be left behind unwatched.
        """
        slots = {name: DBOS.reserve_step() for name in pieces}
        results = await asyncio.gather(
            *(
                slots[name].run_async({"name": name}, _as_function(work))
                for name, work in pieces.items()
            ),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return dict(zip(pieces, cast("list[str]", results), strict=True))


def _as_function(work: Work) -> Work:
    """Make it recognisable as asynchronous: DBOS looks at the function, not at what it returns."""

    async def piece() -> str:
        return await work()

    return piece


def _never_unpickle() -> None:
    """Let nobody who can write a row run code here.

    DBOS reads each row as the row itself says, also as a pickle, whatever was configured: ours only
    says how it writes. There is no setting for that, so the door is nailed shut from inside.
    """

    def refuse(_serializer: object, _text: str) -> NoReturn:
        raise TwokeyError("A row of the durable engine is a pickle, which is never read.")

    serialization.DefaultSerializer.deserialize = refuse  # type: ignore[assignment,method-assign]


def _write_ahead(url: str) -> None:
    """Let a file keep a write-ahead log, which stays so: one wait for the disk instead of three."""
    _, is_file, path = url.partition("sqlite:///")
    if is_file:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")


class DbosDurable:
    """Executions as DBOS workflows, in a SQLite file of their own or in a schema on PostgreSQL."""

    def __init__(self, url: str, *, executor: str) -> None:
        """Remember where DBOS keeps its tables; ``executor`` must be nobody else's name.

        DBOS resumes at launch what an executor of this name began, so a name that is always the
        same is for a file with one owner; where several share the tables, each start has its own.
        """
        self._url = url
        self._executor = executor
        self._workflow: Callable[[str], Coroutine[Any, Any, None]] | None = None

    async def launch(self, execution: Execution) -> None:
        """Resume what a crash interrupted.

        Has to be called inside the running loop, after every client was built (DBOS adopts the
        loop), and by nobody else of this name: it would run what the other one is running.
        """
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        _write_ahead(self._url)
        _never_unpickle()
        DBOS(config=self._config())
        steps = DbosSteps()

        async def rollback(execution_id: str) -> None:
            await execution(execution_id, steps)

        decorate: Any = DBOS.workflow(name="rollback.v1", max_recovery_attempts=None)
        self._workflow = decorate(rollback)
        DBOS.launch()

    async def start(self, execution_id: str) -> None:
        """Start the execution in this process; DBOS knows the same id again."""
        if self._workflow is None:
            raise RuntimeError("launch() has to come before start()")
        with SetWorkflowID(execution_id):
            await DBOS.start_workflow_async(self._workflow, execution_id)

    @property
    def is_running(self) -> bool:
        """Tell whether executions are carried out here."""
        return self._workflow is not None

    async def live(self, execution_ids: Collection[str]) -> frozenset[str]:
        """Return those that this process runs or will; of others, and of another shape, it is lost.

        Whoever asks holds the execution lease, so the process that began it does not any more.
        """
        if not execution_ids:
            return frozenset()  # to DBOS no ids mean all of them
        found = await DBOS.list_workflows_async(
            workflow_ids=[*execution_ids],
            status=[*_LIVE],
            app_version=_SHAPE,
            executor_id=self._executor,
            load_input=False,
            load_output=False,
        )
        return frozenset(one.workflow_id for one in found)

    async def close(self) -> None:
        """Stop without waiting: what is unfinished is resumed, or taken over."""
        if self._workflow is not None:
            await asyncio.to_thread(DBOS.destroy)
            self._workflow = None

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name="twokey",
            system_database_url=self._url,
            application_version=_SHAPE,
            executor_id=self._executor,
            log_level="ERROR",
            serializer=DBOSPortableJSONSerializer(),
            sys_db_pool_size=_CONNECTIONS,
            use_listen_notify=False,  # nothing here waits for its messages
            notification_listener_polling_interval_sec=1.0,  # asks nothing; an end waits for it
        )
