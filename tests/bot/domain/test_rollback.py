"""The states, and the only ways from one to the next."""

from itertools import product

import pytest

from bot.domain.errors import Refused
from bot.domain.rollback import TRANSITIONS, State
from tests.bot.builders import rollback


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_only_listed_transitions_are_possible(before: State, after: State) -> None:
    """Every pair of states that the table does not list is refused."""
    one = rollback(state=before)
    if after in TRANSITIONS[before]:
        assert one.to(after).state is after
    else:
        with pytest.raises(Refused):
            one.to(after)


def test_every_state_has_its_row() -> None:
    """No state is missing from the table."""
    assert set(TRANSITIONS) == set(State)


def test_a_terminal_state_never_wakes_up() -> None:
    """Time alone changes nothing about a rollback that ended."""
    ends = [state for state in State if state.is_terminal]
    assert len(ends) == 11
    assert all(rollback(state=state).wake_at is None for state in ends)


def test_every_open_state_is_looked_at_again() -> None:
    """No rollback that is still open can be forgotten by the sweeper."""
    pending = rollback()
    assert pending.wake_at == pending.remind_at
    for state in (State.PLANNING, State.CLAIMED, State.RUNNING, State.VERIFYING):
        assert rollback(state=state).wake_at is not None
