"""What is signed is written in one way only, and read back as nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.act import Act, Statement
from bot.domain.errors import Refused
from bot.domain.people import Account

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
STATEMENT = Statement(
    Act("approve", "rb-7f3k", "f" * 64),
    f"key:ed25519/{'a' * 64}",
    "5" * 64,
    NOON,
    "0123456789abcdef" * 2,
)
HEADING, _, BODY = STATEMENT.text.partition("\n")


def test_the_text_is_fixed() -> None:
    """The text that counts is this one: another version of Twokey has to write the same."""
    assert STATEMENT.text == (
        'Twokey act 2\n{"about":"","account":"key:ed25519/' + "a" * 64 + '",'
        '"at":"2026-11-28T12:00:00.000000+00:00","digest":"' + "f" * 64 + '","environment":"",'
        '"nonce":"0123456789abcdef0123456789abcdef","rollback":"rb-7f3k",'
        '"store":"' + "5" * 64 + '","target":"","verb":"approve","version":"","words":""}'
    )


@given(
    st.builds(Act, *(st.text() for _ in range(8))),
    st.text(),
    st.text(),
    st.datetimes(timezones=st.just(UTC)),
    st.text("0123456789abcdef", min_size=32, max_size=32),
)
def test_what_was_written_is_read(
    act: Act, account: str, store: str, at: datetime, nonce: str
) -> None:
    """Whatever people say comes back as it was, and no two statements have the same text."""
    statement = Statement(act, account, store, at, nonce)
    assert Statement.parse(statement.text) == statement
    assert statement.text.isascii()
    assert statement.text.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        BODY,
        STATEMENT.text + "\n",
        STATEMENT.text.replace("act 2", "act 1"),
        STATEMENT.text.replace('","', '", "', 1),
        STATEMENT.text.replace('{"about":""', '{"about":"x","about":""'),
        STATEMENT.text.replace('"about":"",', ""),
        STATEMENT.text.replace('"about":""', '"about":null'),
        STATEMENT.text.replace('"about":""', '"about":"","more":""'),
        STATEMENT.text.replace("+00:00", "Z"),
        STATEMENT.text.replace("+00:00", ""),
        STATEMENT.text.replace("12:00:00.000000+00:00", "13:00:00.000000+01:00"),
        STATEMENT.text.replace("2026-11-28T12:00:00.000000+00:00", "0001-01-01T00:00:00+23:59"),
        STATEMENT.text.replace("0123456789abcdef", "0123456789ABCDEF"),
        STATEMENT.text.replace("approve", "\\u0061pprove"),
        f"{HEADING}\n[]",
        f"{HEADING}\nnull",
        f"{HEADING}\n{'[' * 50_000}",
        f"{HEADING}\n{json.dumps({'words': 'x' * 70_000})}",
    ],
)
def test_nothing_else_is_read(text: str) -> None:
    """Another version, another order, doubled keys and every other way to write it is refused."""
    with pytest.raises(Refused, match="same version"):
        Statement.parse(text)


def test_a_statement_is_fresh_for_five_minutes() -> None:
    """It is good from a minute before its moment until five minutes after it."""
    ages = (-61, -60, 0, 300, 301)
    fresh = [STATEMENT.is_fresh(NOON + timedelta(seconds=age)) for age in ages]
    assert fresh == [False, True, True, True, False]


def test_a_moment_is_the_same_in_every_zone() -> None:
    """A moment in another zone is the same text, and so is its delivery."""
    abroad = replace(STATEMENT, at=NOON.astimezone(timezone(timedelta(hours=9))))
    other = replace(STATEMENT, nonce="f" * 32)
    assert (abroad.text, abroad.delivery) == (STATEMENT.text, STATEMENT.delivery)
    assert other.delivery != STATEMENT.delivery


def test_a_statement_is_one_accounts() -> None:
    """It is of the account that it names, and of no other."""
    assert STATEMENT.is_of(Account("key", "ed25519", "a" * 64))
    assert not STATEMENT.is_of(Account("key", "ed25519", "b" * 64))
