"""Any rollback there can be survives being written down."""

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Row

from bot.domain.plan import Check, Plan, Preview, Step
from bot.domain.rollback import Rollback, StepRun, StepState
from bot.domain.target import Effect, Risk
from bot.storage.codec import approval_to_row, from_rows, run_to_row, to_row

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MOMENTS = st.datetimes(timezones=st.timezones())
PARAMS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
