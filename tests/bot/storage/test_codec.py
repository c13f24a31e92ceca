"""Any rollback there can be survives being written down."""

from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from sqlalchemy import make_url

from bot.domain.plan import Check, Evidence, Plan, Point, Preview, Receipt, Step
from bot.domain.rollback import Approval, Outcome, Resolution, Rollback, StepRun, StepState
from bot.domain.target import Policy
from bot.storage.audit import begin_chain, lock_head
from bot.storage.connection import make_engine
from bot.storage.migrate import migrate
from bot.storage.part import Keeper
from bot.storage.transaction import SqlTransaction
from tests.bot.storage.samples import KEY, ManualClock

T = TypeVar("T")


def few(strategy: SearchStrategy[T]) -> SearchStrategy[tuple[T, ...]]:
    """A tuple of none to three."""
    return st.lists(strategy, max_size=3).map(tuple)


def perhaps(strategy: SearchStrategy[T]) -> SearchStrategy[T | None]:
    """One or none."""
    return st.none() | strategy


MOMENTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is drawn too
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)
SPANS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=10))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
PARAMS = st.dictionaries(st.text(), VALUES, max_size=2)
POINTS = st.builds(Point, made_at=perhaps(MOMENTS))
PREVIEWS = st.builds(
    Preview, before=POINTS, after=POINTS, stays_lost=few(st.text()), seconds=st.integers()
)
STEPS = st.builds(Step, params=PARAMS, preview=PREVIEWS)
EVIDENCE = st.builds(Evidence, at=MOMENTS)
PLANS = st.builds(
    Plan,
    steps=few(STEPS),
    checks=few(st.builds(Check, params=PARAMS)),
    baseline=few(EVIDENCE),
)
RUNS = st.builds(
    StepRun,
    name=st.text(),
    state=st.sampled_from(StepState),
    attempt=st.integers(0, 9),
    started_at=perhaps(MOMENTS),
    ended_at=perhaps(MOMENTS),
    receipt=perhaps(st.builds(Receipt, details=st.dictionaries(st.text(), st.text(), max_size=2))),
    evidence=few(EVIDENCE),
    note=st.text(),
)
POLICIES = st.builds(
    Policy,
    approvals=st.integers(1, 5),
    requester_counts=st.booleans(),
    approve_ttl=SPANS,
    start_delay=SPANS,
)
VOTES = st.builds(
    Approval, person=st.sampled_from("abc"), at=MOMENTS, withdrawn_at=perhaps(MOMENTS)
)
ROLLBACKS = st.builds(
    Rollback,
    requester=st.just("requester"),
    asked_at=MOMENTS,
    policy=POLICIES,
    approvers=few(st.text()),
    wanted=st.text(),
    reason=st.text(),
    plan=perhaps(PLANS),
    planned_at=perhaps(MOMENTS),
    approve_by=perhaps(MOMENTS),
    approvals=st.lists(VOTES, unique_by=lambda vote: vote.person).map(tuple),
    reminded_at=perhaps(MOMENTS),
    quorum_at=perhaps(MOMENTS),
    claimed_at=MOMENTS,
    token=st.integers(1, 9),
    steps=st.lists(RUNS, max_size=3, unique_by=lambda run: run.name).map(tuple),
    doubt_until=perhaps(MOMENTS),
    abort_by=perhaps(st.text()),
    verifying_at=perhaps(MOMENTS),
    checks=few(EVIDENCE),
    outcome=perhaps(st.builds(Outcome, at=MOMENTS, by=perhaps(st.text()))),
    resolution=perhaps(st.builds(Resolution, at=MOMENTS)),
    version=st.integers(0, 9),
)


def test_every_rollback_comes_back(sqlite_url: str) -> None:
    """Whatever a rollback holds, it is loaded exactly as it was stored, and so is its digest."""
    url = make_url(sqlite_url)
    engine = make_engine(url, writes=True)
    keeper = Keeper(ManualClock(), KEY)
    with engine.begin() as connection:
        migrate(connection)
        begin_chain(connection, keeper)

    @settings(deadline=None, max_examples=50)
    @given(ROLLBACKS)
    def round_trip(rollback: Rollback) -> None:
        with engine.connect() as connection, connection.begin() as transaction:
            head = lock_head(connection, KEY)
            SqlTransaction(connection, keeper, head, is_write=True).add(rollback)
            loaded = SqlTransaction(connection, keeper, head, is_write=True).load(rollback.id)
            transaction.rollback()
        assert (loaded, loaded.version) == (rollback, rollback.version)
        assert loaded.plan is None or loaded.plan.digest == getattr(rollback.plan, "digest", "")

    round_trip()
    engine.dispose()
