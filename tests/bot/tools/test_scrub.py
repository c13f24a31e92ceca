"""Secrets are taken out of every text."""

import base64
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tools import Scrubber
from bot.tools.scrub import HIDDEN

CANARY = "s3cr3t/Tök+en=='\"42"


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        CANARY.upper(),
        CANARY[::-1],
        quote(CANARY, safe=""),
        quote(CANARY, safe="").lower(),
        quote_plus(CANARY),
        json.dumps(CANARY),
        json.dumps(CANARY, ensure_ascii=False),
        repr(CANARY),
        CANARY.encode().hex(),
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(f"user:{CANARY}".encode()).decode(),
        base64.urlsafe_b64encode(f"Bearer {CANARY} x".encode()).decode(),
        base64.b64encode(f"ab{CANARY}cd".encode()).decode(),
    ],
)
def test_every_form_is_found(form: str) -> None:
    """A secret is taken out as it is, reversed, encoded, and in the middle of something encoded."""
    scrubbed = Scrubber([CANARY])(f"before {form} after")

    assert "[secret]" in scrubbed
    assert form not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


def test_the_longest_secret_goes_first() -> None:
    """A secret that contains another one leaves no tail behind."""
    assert Scrubber(["token", "token-and-more"])("a token-and-more b") == "a [secret] b"


@pytest.mark.parametrize("values", [[], [""], ["abc"]])
def test_nothing_to_hide(values: list[str]) -> None:
    """Without a secret of some length, texts stay what they are."""
    assert Scrubber(values)("abc and (anything.*) else") == "abc and (anything.*) else"


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="[secrtSECRT]"))


@given(WORDS.filter(lambda secret: len(secret) > 3), WORDS, WORDS)
def test_no_secret_survives(secret: str, before: str, after: str) -> None:
    """Whatever a secret is made of, and wherever it stands, it is gone afterwards."""
    scrubbed = Scrubber([secret])(before + secret + after)

    assert secret not in scrubbed


def test_a_large_text_is_fast() -> None:
    """A large answer is searched for thirty secrets without holding everything else up."""
    scrub = Scrubber([f"token-{number:04}-abcdefghijklmnop" for number in range(30)])
    text = json.dumps([{"uid": f"dpl_{number}", "name": "shop"} for number in range(20_000)])
    began = time.process_time()

    assert scrub(text) == text

    assert time.process_time() - began < 1


def test_a_secret_that_arrives_later_is_hidden_from_then_on() -> None:
    """What is learned while the bot runs is taken out like what was configured."""
    scrub = Scrubber(["configured-token"])
    scrub.learn("installed-token")

    assert scrub("configured-token installed-token") == f"{HIDDEN} {HIDDEN}"
