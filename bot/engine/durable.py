"""Durable execution by DBOS: the only module that knows it.

DBOS remembers which executions are unfinished and runs them again after a crash. What they did is
in our own store; were its tables lost, the sweeper would start every claim anew and nothing would
happen twice. docs/adr/0001 says why; the traps are DBOS's own and marked where they are avoided.
"""

import asyncio
import fcntl
import logging
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TextIO, cast

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from bot.domain.errors import TwokeyError
from bot.ports import Execution

_SHAPE = "twokey-1"  # changes only when a running execution could not be replayed by newer code
Work = Callable[[], Coroutine[Any, Any, str]]
_LIVE = frozenset({"PENDING", "ENQUEUED"})


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


class DbosDurable:
    """Executions as DBOS workflows on a SQLite file of their own; one process owns it."""

    def __init__(self, path: Path) -> None:
        """Remember where DBOS keeps its tables; nothing is opened yet."""
        self._path = path
        self._lock: TextIO | None = None
        self._workflow: Callable[[str], Coroutine[Any, Any, None]] | None = None

    async def launch(self, execution: Execution) -> None:
        """Take ownership of the file, then resume what a crash interrupted.

        Has to be called inside the running loop, after every client was built (DBOS adopts the
        loop), and after the lock: a second process would run what the first is running.
        """
        self._own()
        logging.getLogger("dbos").addHandler(logging.NullHandler())
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

    async def is_live(self, execution_id: str) -> bool:
        """Tell whether DBOS runs it or will; it never resumes what another shape began."""
        status = await DBOS.get_workflow_status_async(execution_id)
        return status is not None and status.status in _LIVE and status.app_version == _SHAPE

    async def close(self) -> None:
        """Stop without waiting: unfinished executions are resumed by the next launch."""
        if self._workflow is not None:
            await asyncio.to_thread(DBOS.destroy)
            self._workflow = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _own(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Path(f"{self._path}.lock").open("w", encoding="ascii")  # noqa: SIM115 - held
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise TwokeyError(
                f"Another Twokey runs on {self._path.parent} already. Stop it first."
            ) from error

    def _config(self) -> DBOSConfig:
        return DBOSConfig(
            name="twokey",
            system_database_url=f"sqlite:///{self._path}",
            application_version=_SHAPE,
            executor_id="embedded",
            log_level="ERROR",
            serializer=DBOSPortableJSONSerializer(),
            notification_listener_polling_interval_sec=30.0,
        )
