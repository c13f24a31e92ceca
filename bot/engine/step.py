"""One step: read again, commit the intent, act once, commit the answer, read independently."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.domain.errors import NotApplied
from bot.domain.event import Happening
from bot.domain.plan import Evidence, Preview, Receipt, Step
from bot.domain.rollback import Rollback, State, StepRun, StepState
from bot.domain.target import Effect
from bot.engine.change import commit
from bot.engine.core import Engine, in_words, log
from bot.engine.turns import Turn
from bot.faultpoints import FaultPoint, reached
from bot.ports import Action, Tools, Transaction

_LOOKS: Final = 6  # counted, because a clock may jump
_ATTEMPTS: Final = 2
_MAY_BE_SENT_AGAIN: Final = frozenset({Effect.IDEMPOTENT, Effect.TRANSACTIONAL})
_BLOCKING = frozenset({StepState.IN_DOUBT, StepState.UNVERIFIED, StepState.FAILED, StepState.STALE})
_ENDS = {
    StepState.DONE: Happening.STEP_DONE,
    StepState.SKIPPED: Happening.STEP_SKIPPED,
    StepState.UNVERIFIED: Happening.STEP_UNVERIFIED,
    StepState.FAILED: Happening.STEP_FAILED,
    StepState.STALE: Happening.STEP_FAILED,
}


async def run_step(engine: Engine, rollback_id: str, step: Step, token: int) -> str:
    """Bring one step as far as it goes and return its state; running it again is harmless."""
    return await _Attempt(engine, rollback_id, step, token).run()


class _Superseded(Exception):
    """Somebody else owns the step by now: this execution must not touch anything more."""


class _Attempt:
    """One try at one step by one execution."""

    def __init__(self, engine: Engine, rollback_id: str, step: Step, token: int) -> None:
        self._engine = engine
        self._rollback_id = rollback_id
        self._step = step
        self._token = token
        self._action: Action = engine.registry.action(step.use, step.params)

    async def run(self) -> str:
        """Look at the journal and go on where it ends."""
        try:
            rollback = await self._engine.store.read(lambda tx: tx.load(self._rollback_id))
            run = rollback.run(self._step.name)
            if run.state is StepState.NOT_STARTED:
                run = await self._begin(run)
            elif run.state is StepState.RUNNING and run.receipt is None:
                run = await self._recover(run)  # somebody died between the intent and the answer
            if run.state is StepState.RUNNING and run.receipt is not None:
                run = await self._verify(run, run.receipt)
        except _Superseded:
            return "superseded"
        return run.state

    async def _begin(self, before: StepRun) -> StepRun:
        with self._engine.foreground.working():
            async with self._engine.turns.taken() as turn:
                run, now = await self._prepare(before, turn)
        if now is not None and now.is_noop:
            return await self._skip(before, now)
        if now is None or run.state is not StepState.RUNNING:
            return run
        return await self._act(run, now)

    async def _prepare(self, before: StepRun, turn: Turn) -> tuple[StepRun, Preview | None]:
        """Read again, and commit the intent if it would still do what was approved."""
        tools = self._tools(attempt=before.attempt + 1)
        try:
            with turn.asking():
                async with asyncio.timeout(self._engine.limits.plan):
                    now = await self._action.reread(tools, self._step.preview)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was sent
            note = in_words(error, doing="reading the live system")
            return await self._not_started(StepState.FAILED, note), None
        if now.is_noop and now.leads_where(self._step.preview):
            return before, now
        if not now.agrees_with(self._step.preview):
            note = f"{now.subject} is at {now.before.label} now, which is not what was approved"
            return await self._not_started(StepState.STALE, note), None
        return await self._intend(), now

    async def _skip(self, before: StepRun, now: Preview) -> StepRun:
        """End a step that has nothing to do, once reading back shows what doing it would show."""
        tools = self._tools(attempt=before.attempt + 1)
        evidence, wrong = await self._read_back(tools, Receipt(now.after.id, {}))
        note = f"{now.subject} is at {now.after.label} already"
        if not wrong:
            return await self._not_started(StepState.SKIPPED, note, evidence=evidence)
        note = f"{note}, but reading it back did not confirm it: {wrong}"
        # After an attempt that was found to have done nothing, that may have been too early.
        state = StepState.UNVERIFIED if before.attempt else StepState.STALE
        return await self._not_started(state, note, evidence=evidence)

    async def _intend(self) -> StepRun:
        """Commit that the call is about to be made; without this row no call is ever made."""

        def intend(run: StepRun, tx: Transaction) -> StepRun:
            reached(FaultPoint.INTENT_RECORDING, self._step.name)
            return replace(run, state=StepState.RUNNING, attempt=run.attempt + 1, started_at=tx.now)

        started = await self._save(intend, Happening.STEP_STARTED, if_free=True)
        reached(FaultPoint.INTENT_RECORDED, self._step.name)
        return started

    async def _act(self, run: StepRun, now: Preview) -> StepRun:
        if not self._engine.executes:  # frozen after the intent: another process looks into it
            raise _Superseded
        tools = self._tools(attempt=run.attempt)
        try:
            async with asyncio.timeout(self._engine.limits.step):
                receipt = await self._action.execute(tools, now)
        except NotApplied as error:
            return await self._end(StepState.FAILED, note=str(error))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it may have happened
            log.warning("%s: the answer was lost: %s", tools.key, type(error).__name__)
            return await self._recover(run, because=in_words(error, doing="the call"))
        reached(FaultPoint.EFFECT_ANSWERED, self._step.name)
        return await self._answered(receipt)

    async def _recover(self, run: StepRun, because: str = "the process stopped") -> StepRun:
        """Find out whether a call without an answer took effect; never guess, never repeat."""
        tools = self._tools(attempt=run.attempt)
        try:
            happened = await self._probe(tools)
            if happened is False:  # a lost call may still land: only a second no is a no
                await self._engine.clock.sleep(self._engine.limits.settle)
                happened = await self._probe(tools)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows what happened
            found = in_words(error, doing="looking for it")
            return await self._doubt(f"{because.rstrip('.')}; {found}")
        reached(FaultPoint.PROBE_ANSWERED, self._step.name)
        if isinstance(happened, Receipt):
            return await self._answered(happened)
        if happened:
            return await self._doubt(because)
        if self._step.effect in _MAY_BE_SENT_AGAIN and run.attempt < _ATTEMPTS:
            return await self._start_over()
        return await self._end(StepState.FAILED, note=f"{because.rstrip('.')}; it did not happen")

    async def _probe(self, tools: Tools) -> Receipt | bool:
        async with asyncio.timeout(self._engine.limits.step):
            return await self._action.probe(tools, self._step.preview)

    async def _start_over(self) -> StepRun:
        """Take the intent back, so that the step begins again as its next attempt."""

        def take_back(run: StepRun, _tx: Transaction) -> StepRun:
            return replace(run, state=StepState.NOT_STARTED, started_at=None)

        run = await self._save(take_back, None)
        reached(FaultPoint.INTENT_WITHDRAWN, self._step.name)
        return await self._begin(run)

    async def _answered(self, receipt: Receipt) -> StepRun:
        """Commit the answer before it is verified, so that the call is never made again."""

        def answer(run: StepRun, _tx: Transaction) -> StepRun:
            return replace(run, receipt=receipt)

        answered = await self._save(answer, None)
        reached(FaultPoint.EFFECT_RECORDED, self._step.name)
        return answered

    async def _verify(self, run: StepRun, receipt: Receipt) -> StepRun:
        evidence, note = await self._read_back(self._tools(attempt=run.attempt), receipt)
        reached(FaultPoint.EFFECT_VERIFIED, self._step.name)
        state = StepState.UNVERIFIED if note else StepState.DONE
        return await self._end(state, evidence=evidence, note=note)

    async def _read_back(self, tools: Tools, receipt: Receipt) -> tuple[tuple[Evidence, ...], str]:
        """Look until it is as it has to be, or often enough; return what was seen last."""
        async with self._engine.looks.taken() as turn:
            await self._engine.foreground.over()  # calls that are not made yet go first
            with turn.asking():
                evidence, note = await self._look(tools, receipt)
        for _ in range(_LOOKS - 1):
            if not note:
                break
            await tools.sleep(self._engine.limits.verify / _LOOKS)
            evidence, note = await self._look(tools, receipt)
        return evidence, note

    async def _look(self, tools: Tools, receipt: Receipt) -> tuple[tuple[Evidence, ...], str]:
        """Read back once; return what was seen, and what is wrong with it."""
        try:
            async with asyncio.timeout(self._engine.limits.verify):
                evidence = await self._action.verify(tools, self._step.preview, receipt)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing is proven
            return (), in_words(error, doing="reading it back")
        wrong = next((one for one in evidence if not one.holds), None)
        if wrong is not None:
            return evidence, f"expected {wrong.expected}, saw {wrong.seen}"
        return evidence, "" if evidence else "nothing was read back"

    async def _doubt(self, note: str) -> StepRun:
        """Leave the question to a person; the settled execution asks it once all steps rest."""

        def doubt(run: StepRun, _tx: Transaction) -> StepRun:
            return replace(run, state=StepState.IN_DOUBT, note=self._scrub(note))

        doubted = await self._save(doubt, None)
        reached(FaultPoint.DOUBT_RECORDED, self._step.name)
        return doubted

    async def _not_started(
        self, state: StepState, note: str, *, evidence: tuple[Evidence, ...] = ()
    ) -> StepRun:
        def end(run: StepRun, tx: Transaction) -> StepRun:
            ended = replace(run, state=state, evidence=evidence, note=self._scrub(note))
            return replace(ended, started_at=tx.now, ended_at=tx.now)

        return await self._save(end, _ENDS[state], if_free=True)

    async def _end(
        self, state: StepState, *, evidence: tuple[Evidence, ...] = (), note: str = ""
    ) -> StepRun:
        def end(run: StepRun, tx: Transaction) -> StepRun:
            return replace(
                run, state=state, ended_at=tx.now, evidence=evidence, note=self._scrub(note)
            )

        ended = await self._save(end, _ENDS[state])
        reached(FaultPoint.STEP_RECORDED, self._step.name)
        return ended

    async def _save(
        self,
        change: Callable[[StepRun, Transaction], StepRun],
        kind: Happening | None,
        *,
        if_free: bool = False,
    ) -> StepRun:
        """Change this step's row, if this execution still owns it.

        ``if_free``: and only if nothing stands against its start: a need, a doubt, a Stop, a hold.
        """
        expected = StepState.NOT_STARTED if if_free else StepState.RUNNING

        def work(tx: Transaction) -> StepRun:
            rollback = tx.load(self._rollback_id)
            run = rollback.run(self._step.name)
            if (rollback.token, rollback.state) != (self._token, State.RUNNING):
                raise _Superseded
            if run.state is not expected:
                raise _Superseded
            if if_free and not self._is_free(rollback):
                return run
            changed = change(run, tx)
            after = rollback.with_run(changed)
            if kind is None:
                tx.save(after)
            else:
                details = {"step": run.name, "note": changed.note}
                commit(tx, self._engine.people, after, kind, details=details)
            return changed

        return await self._engine.store.write(work)

    def _is_free(self, rollback: Rollback) -> bool:
        return (
            rollback.abort_by is None
            and not rollback.held
            and all(rollback.run(need).state.is_complete for need in self._step.needs)
            and not any(run.state in _BLOCKING for run in rollback.steps)
        )

    def _tools(self, *, attempt: int) -> Tools:
        return self._engine.require_tools().for_step(
            key=f"{self._rollback_id}/{self._step.name}/{attempt}",
            secrets=type(self._action).secrets,
        )

    def _scrub(self, text: str) -> str:
        return self._engine.require_tools().scrub(text)
