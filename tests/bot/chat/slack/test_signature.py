"""Slack's signature: who is believed, for how long, and how often."""

import hashlib
import hmac

import pytest

from bot.chat.slack import signature as module
from bot.chat.slack.signature import Forged, Signatures

NOW = 1_750_000_000
BODY = b"command=%2Frollback&text=backend"


def signed(body: bytes = BODY, *, at: int | str = NOW, secret: str = "current") -> str:  # noqa: S107
    """Slack's signature of a body."""
    message = b"v0:%b:%b" % (str(at).encode(), body)
    return "v0=" + hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def check(signature: str, *, at: int | str = NOW, body: bytes = BODY) -> str:
    """Check one signature at the moment NOW, with two secrets."""
    known = Signatures(["next", "current"], now=lambda: NOW)
    return known.check(signatures=[signature], timestamps=[str(at)], body=body)


def test_the_documented_example_is_believed() -> None:
    """The example of Slack's own documentation has the signature that it says."""
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    example = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    known = Signatures(["8f742231b10e8888abcd99yyyzzz85a5"], now=lambda: 1_531_420_618)

    assert known.check(signatures=[example], timestamps=["1531420618"], body=body) == example


@pytest.mark.parametrize("secret", ["current", "next"])
def test_both_secrets_count_while_one_replaces_the_other(secret: str) -> None:
    """During a rotation, what either secret signed is Slack's."""
    assert check(signed(secret=secret))


@pytest.mark.parametrize("at", [NOW - 300, NOW, NOW + 300])
def test_the_window_is_five_minutes_to_both_sides(at: int) -> None:
    """Clocks may differ by as much as Slack allows for."""
    assert check(signed(at=at), at=at)


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301, 0, 999_999_999_999])
def test_old_and_future_requests_are_refused(at: int) -> None:
    """A signature is good for five minutes, however right it is."""
    with pytest.raises(Forged, match="too old, or in the future"):
        check(signed(at=at), at=at)


@pytest.mark.parametrize(
    "body", [BODY + b"\n", BODY[:-1] + b"c", BODY.replace(b"%2F", b"/"), b"", b"\xff"]
)
def test_every_byte_counts(body: bytes) -> None:
    """What was changed by one byte, or written differently, is not what Slack signed."""
    with pytest.raises(Forged, match="the signature is wrong"):
        check(signed(), body=body)


@pytest.mark.parametrize(
    "signature",
    [
        *("", "v0=", "v1=" + "a" * 64, "v0=" + "a" * 63, "v0=" + "a" * 65, "a" * 64),
        *(signed().upper(), signed() + "\n", "v0=" + "ä" * 64, "v0=" + "\ud83d" * 64),
    ],
)
def test_malformed_signatures_are_refused(signature: str) -> None:
    """Whatever stands in the header, it is refused, and nothing breaks."""
    with pytest.raises(Forged, match="malformed"):
        check(signature)


@pytest.mark.parametrize(
    "at", ["", " ", "now", "1.0", "-1", "+1", "0x10", "1_0", "1e9", "٣", "9" * 20, "9" * 5000]
)
def test_malformed_timestamps_are_refused(at: str) -> None:
    """A timestamp is digits, or the request is refused, even where the signature fits."""
    with pytest.raises(Forged, match="malformed"):
        check(signed(at=at), at=at)


@pytest.mark.parametrize(("signatures", "timestamps"), [(0, 1), (1, 0), (2, 1), (1, 2), (0, 0)])
def test_missing_and_double_headers_are_refused(signatures: int, timestamps: int) -> None:
    """There is exactly one of each, so that nobody has to choose."""
    known = Signatures(["current"], now=lambda: NOW)

    with pytest.raises(Forged, match="missing or double"):
        known.check(
            signatures=[signed()] * signatures, timestamps=[str(NOW)] * timestamps, body=BODY
        )


@pytest.mark.parametrize("secret", ["", "other", "Current"])
def test_other_secrets_are_refused(secret: str) -> None:
    """What another app signed is not for us."""
    with pytest.raises(Forged, match="the signature is wrong"):
        check(signed(secret=secret))


def test_a_signature_passes_once_within_its_life() -> None:
    """Even one from five minutes ahead does not pass twice before it is too old anyway."""
    clock = [NOW]
    known = Signatures(["current"], now=lambda: clock[0])
    ahead = NOW + 300
    signature = signed(at=ahead)

    first = known.is_replay(signature)
    clock[0] = ahead + 300
    last = known.check(signatures=[signature], timestamps=[str(ahead)], body=BODY)

    assert not first
    assert known.is_replay(last)


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too old goes, and then the oldest."""
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    clock = [NOW]
    known = Signatures(["current"], now=lambda: clock[0])

    for number in range(10):
        known.is_replay(str(number))
    full = len(known._seen)
    clock[0] += 601
    known.is_replay("one more")

    assert full == 3
    assert list(known._seen) == ["one more"]
