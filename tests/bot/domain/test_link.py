"""Codes, who may still give one, and what proofs and the people map say together."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.link import (
    LENGTH,
    LETTERS,
    MOST_WRONG,
    Human,
    Offer,
    Proof,
    grouped,
    humans,
    locked_until,
    proofs,
    read_code,
)
from bot.domain.people import Account, People, Person
from tests.bot.builders import NOON

ON_SLACK = Account("slack", "T1", "U1")
ON_DISCORD = Account("discord", "100", "1")
ELSEWHERE = Account("slack", "T2", "U1")
ONE = Person("one", "One", (ON_SLACK,))
TEN_MINUTES = timedelta(minutes=10)


@settings(deadline=None)
@given(st.text(LETTERS, min_size=LENGTH, max_size=LENGTH))
def test_a_code_survives_being_told(code: str) -> None:
    """A code is read back whether it is typed as shown, in small letters, or apart."""
    shown = grouped(code)
    assert [read_code(one) for one in (shown, shown.lower(), f" {' '.join(code)} ")] == [code] * 3


@pytest.mark.parametrize("typed", ["BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJ0", "AEIO-UAEI", "<!here>"])
def test_what_can_be_no_code_is_refused(typed: str) -> None:
    """Whatever is too short, too long or has other letters is refused and shown how one looks."""
    with pytest.raises(Refused, match=r"can't be a code: .*WDJB-MJHT.* Nothing was changed") as no:
        read_code(typed)
    assert no.value.code is Refusal.BAD_REQUEST


def test_a_code_is_good_for_ten_minutes() -> None:
    """A code is good until ten minutes have passed, and not at that moment any more."""
    offer = Offer(ON_SLACK, NOON)
    assert offer.is_good(NOON + TEN_MINUTES - timedelta(microseconds=1))
    assert not offer.is_good(NOON + TEN_MINUTES)


@pytest.mark.parametrize(
    ("minutes", "now", "locked"),
    [
        ((0, 1, 2, 3), 4, None),
        ((0, 1, 2, 3, 4), 4, 14),
        ((0, 1, 2, 3, 4), 13.99, 14),
        ((0, 1, 2, 3, 4), 14, None),
        ((0, 3, 5, 7, 9.99), 10, 19.99),
        ((0, 3, 5, 7, 10), 10, None),
        ((4, 0, 2, 1, 3), 4, 14),
    ],
)
def test_five_wrong_ones_lock_for_ten_minutes(
    minutes: tuple[float, ...], now: float, locked: float | None
) -> None:
    """Five wrong codes within ten minutes close an account for ten minutes behind the last."""
    wrong = [NOON + timedelta(minutes=one) for one in minutes]
    until = locked_until(wrong, NOON + timedelta(minutes=now))
    assert until == (None if locked is None else NOON + timedelta(minutes=locked))


@settings(deadline=None)
@given(st.lists(st.integers(0, 3600), max_size=60))
def test_nobody_guesses_more_than_half_a_code_a_minute(seconds: list[int]) -> None:
    """However guesses are spread over an hour, no account has more than five in ten minutes."""
    wrong: list[int] = []
    for second in sorted(seconds):
        moments = [NOON + timedelta(seconds=one) for one in wrong]
        if locked_until(moments, NOON + timedelta(seconds=second)) is None:
            wrong.append(second)
    within = [sum(one <= other < one + 600 for other in wrong) for one in wrong]
    assert max(within, default=0) <= MOST_WRONG


def test_proofs_are_read_from_the_chain() -> None:
    """Of all events, those that say that it was proven are proofs, and refused ones are none."""
    accounts = {"account": str(ON_DISCORD), "details": {"with": str(ON_SLACK)}}
    events = [
        Event(Happening.LINK_OFFERED, NOON, account=str(ON_SLACK)),
        Event(Happening.LINK_REFUSED, NOON, **accounts),  # type: ignore[arg-type]
        Event(Happening.LINK_PROVEN, NOON, **accounts),  # type: ignore[arg-type]
    ]
    proof = Proof(ON_SLACK, ON_DISCORD, NOON)
    assert list(proofs(events)) == [proof]
    assert list(proofs(events, Happening.LINK_REFUSED)) == [proof]


def test_a_new_account_joins_whom_the_map_knows() -> None:
    """What the map says of a person comes first, and the account that was proven behind it."""
    proof = Proof(ON_DISCORD, ON_SLACK, NOON)
    (human,) = humans([proof], People((ONE, Person("two", "Two", (ELSEWHERE,)))))
    assert human == Human((ON_SLACK, ON_DISCORD), (ONE,), (proof,))
    assert not human.is_in_map


def test_proofs_go_on_from_account_to_account() -> None:
    """Two proofs that share an account are about one human, known to the map or not."""
    chain = [Proof(ON_SLACK, ON_DISCORD, NOON), Proof(ELSEWHERE, ON_DISCORD, NOON)]
    (nobody,) = humans(chain, People(()))
    (one,) = humans(chain, People((ONE,)))
    assert set(nobody.accounts) == set(one.accounts) == {ON_SLACK, ON_DISCORD, ELSEWHERE}
    assert (nobody.people, one.people) == ((), (ONE,))
    assert nobody.proofs == tuple(chain)


def test_proofs_about_two_accounts_of_one_person_come_together() -> None:
    """What was proven with the one account of a person and with the other makes one entry."""
    both = Person("one", "One", (ON_SLACK, ON_DISCORD))
    new = Account("discord", "200", "1")
    chain = [Proof(ON_SLACK, new, NOON), Proof(ON_DISCORD, ELSEWHERE, NOON)]
    (human,) = humans(chain, People((both,)))
    assert human == Human((ON_SLACK, ON_DISCORD, new, ELSEWHERE), (both,), tuple(chain))


def test_what_the_map_says_already_is_known() -> None:
    """Once an operator has added the account, there is nothing left to add."""
    whole = Person("one", "One", (ON_SLACK, ON_DISCORD))
    (human,) = humans([Proof(ON_SLACK, ON_DISCORD, NOON)], People((whole,)))
    assert human.is_in_map


def test_two_people_stay_two() -> None:
    """If the map has them as two people, both are named and nothing is said to be in it."""
    two = Person("two", "Two", (ON_DISCORD,))
    (human,) = humans([Proof(ON_SLACK, ON_DISCORD, NOON)], People((ONE, two)))
    assert set(human.people) == {ONE, two}
    assert not human.is_in_map


def test_nobody_gets_a_second_account_in_one_place() -> None:
    """A new account where somebody has one, or another new one, is for an operator to look at."""
    whole = People((Person("one", "One", (ON_SLACK, ON_DISCORD)),))
    second, third = Account("slack", "T1", "U2"), Account("slack", "T2", "U2")
    (by_way,) = humans([Proof(second, ON_DISCORD, NOON)], whole)
    both_new = [Proof(second, ON_DISCORD, NOON), Proof(ON_DISCORD, ON_SLACK, NOON)]
    (nobody,) = humans(both_new, People(()))
    (elsewhere,) = humans([Proof(third, ON_DISCORD, NOON)], whole)
    assert [one.is_disputed for one in (by_way, nobody, elsewhere)] == [True, True, False]


def test_two_accounts_that_the_map_has_in_one_place_stay() -> None:
    """If an operator has put two accounts of one workspace into the map, proofs go on from both."""
    second = Account("slack", "T1", "U2")
    known = People((Person("one", "One", (ON_SLACK, second)),))
    (human,) = humans([Proof(ON_SLACK, ON_DISCORD, NOON)], known)
    assert not human.is_disputed
    assert human.new == (ON_DISCORD,)


def test_strangers_to_each_other_are_kept_apart() -> None:
    """Proofs without a common account are about two humans, of whom the last comes last."""
    other = Proof(ELSEWHERE, Account("discord", "100", "2"), NOON)
    found = humans([Proof(ON_SLACK, ON_DISCORD, NOON), other], People((ONE,)))
    assert [human.proofs[0].account for human in found] == [ON_SLACK, ELSEWHERE]
