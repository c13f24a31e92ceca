"""Slack's request URLs over real connections: who is refused, and learns nothing from it."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.chat.slack import http
from bot.chat.slack.http import COMMANDS, EVENTS, INTERACTIVITY
from tests.bot.chat.slack.conftest import (
    FakeDesk,
    eventually,
)
from tests.bot.chat.slack.door import FORM, JSON, Door, command
from tests.bot.chat.slack.test_signature import NOW, signed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "other"}, "the signature is wrong"),
        ({"at": NOW - 301}, "the timestamp is too old, or in the future"),
        ({"at": NOW + 301}, "the timestamp is too old, or in the future"),
        ({"headers": {"X-Slack-Signature": "v0="}}, "the headers of the signature are malformed"),
        (
            {"headers": {"X-Slack-Request-Timestamp": "soon"}},
            "the headers of the signature are malformed",
        ),
    ],
)
@pytest.mark.parametrize("path", [COMMANDS, INTERACTIVITY, EVENTS])
async def test_what_slack_did_not_sign_is_refused(
    door: Door, desk: FakeDesk, path: str, change: dict[str, Any], reason: str
) -> None:
    """A stranger learns nothing but the status, the reason is counted, and nobody is asked."""
    assert await door.send(path, command(), **change) == (401, "Unauthorized\n")

    assert dict(door.requests.turned_away) == {reason: 1}
    assert desk.asked == []


@pytest.mark.parametrize("missing", ["X-Slack-Signature", "X-Slack-Request-Timestamp"])
async def test_a_request_without_a_signature_is_refused(
    door: Door, desk: FakeDesk, missing: str
) -> None:
    """No header, no entry."""
    raw = urlencode(command()).encode()
    proof = {
        "X-Slack-Request-Timestamp": str(NOW),
        "X-Slack-Signature": signed(raw),
        "Content-Type": FORM,
    }
    del proof[missing]

    assert (await door.post(COMMANDS, raw, proof))[0] == 401
    assert desk.asked == []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (COMMANDS, b"", 400),
        (COMMANDS, b"text=backend", 400),
        (COMMANDS, b"command=%2Frollback&text=a&text=b", 400),
        (COMMANDS, b"command=%2Frollback&user_id=U1&user_id=U2", 400),
        (COMMANDS, b"command", 400),
        (COMMANDS, b"command=%ff", 400),
        (COMMANDS, b"command=\xff", 400),
        (COMMANDS, b"command=x&" + b"&".join(b"k%d=v" % n for n in range(101)), 400),
        (INTERACTIVITY, b"payload=", 400),
        (INTERACTIVITY, b"payload=5", 400),
        (INTERACTIVITY, b"payload=[]", 400),
        (INTERACTIVITY, b"payload=%7B", 400),
        (INTERACTIVITY, b"payload=%7B%7D&payload=%7B%7D", 400),
        (INTERACTIVITY, b"payload=%7B%7D&more=1", 400),
        (INTERACTIVITY, b"payload=" + b"%5B" * 20_000, 400),
        (EVENTS, b"{", 400),
        (EVENTS, b"[]", 400),
        (EVENTS, b"\xff", 400),
        (EVENTS, b"[" * 200_000, 400),
        (EVENTS, b"x" * 300_000, 413),
    ],
)
async def test_signed_nonsense_is_refused_as_what_it_is(
    door: Door, desk: FakeDesk, path: str, body: bytes, status: int
) -> None:
    """What nobody can read is refused after the signature; before it, all are strangers."""
    assert (await door.send(path, body))[0] == status
    assert (await door.send(path, body, secret="other"))[0] == (413 if status == 413 else 401)

    assert desk.asked == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (COMMANDS, JSON),
        (COMMANDS, "multipart/form-data; boundary=x"),
        (COMMANDS, "text/plain"),
        (EVENTS, FORM),
    ],
)
async def test_other_content_types_are_refused(door: Door, path: str, kind: str) -> None:
    """Each address takes one kind of body, so that nothing can be read in two ways."""
    assert (await door.send(path, command(), headers={"Content-Type": kind}))[0] == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_only_post_is_taken(door: Door, method: str) -> None:
    """The request URLs take nothing else."""
    async with door.http.request(method, door.url + COMMANDS) as answer:
        assert (answer.status, await answer.text()) == (405, "Method Not Allowed\n")


async def test_a_body_without_end_is_cut_off(door: Door) -> None:
    """A sender who does not say how much is coming is stopped at the limit."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    try:
        status, _ = await door.post(COMMANDS, endless(), {"Content-Type": FORM})
    except aiohttp.ClientConnectionError:
        status = 413  # the answer came while it was still sending

    assert status == 413
    assert dict(door.requests.turned_away) == {"it is too large": 1}


async def test_a_slow_body_is_cut_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends a byte now and then is not waited for."""
    monkeypatch.setattr(http, "_BODY_SECONDS", 0.05)
    is_over = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await is_over.wait()

    sending = asyncio.create_task(door.post(COMMANDS, slow(), {"Content-Type": FORM}))
    await eventually(lambda: bool(door.requests.turned_away))
    is_over.set()

    assert (await sending)[0] == 408
    assert dict(door.requests.turned_away) == {"the body came too slowly": 1}


async def test_nothing_that_was_sent_is_repeated_or_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the answer nor the log holds what a stranger or Slack sent."""
    caplog.set_level(logging.DEBUG)
    canary = command("CANARY-BODY", token="CANARY-TOKEN")
    answers = [
        await door.send(COMMANDS, canary, secret="other"),
        await door.send(COMMANDS, canary, headers={"X-Slack-Signature": "CANARY-HEADER"}),
        await door.send(COMMANDS, canary | {"team_id": "T0ELSEWHERE"}),
        await door.send(INTERACTIVITY, b"payload=CANARY-BODY"),
        await door.send(EVENTS, {"type": "CANARY-EVENT"}),
        await door.send(COMMANDS, canary | {"user_id": ["CANARY"]}),
    ]

    assert "CANARY" not in " ".join(text for _, text in answers)
    assert "CANARY" not in caplog.text


async def test_strangers_can_not_fill_the_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The same refusal is logged once a minute, and counted always."""
    for _ in range(50):
        await door.send(COMMANDS, command(), secret="other")

    assert door.requests.turned_away["the signature is wrong"] == 50
    assert caplog.text.count("the signature is wrong") == 1


@pytest.mark.parametrize("change", [{"team_id": "T0ELSEWHERE"}, {"api_app_id": "A0ELSEWHERE"}])
async def test_other_teams_and_apps_are_turned_away(
    door: Door, desk: FakeDesk, change: dict[str, str]
) -> None:
    """Slack's signature alone does not make it our workspace, or our app."""
    status, text = await door.send(COMMANDS, command(**change))

    assert status == 200
    assert text == "This Twokey does not serve this workspace. Nothing was changed."
    assert desk.asked == []


async def test_a_thousand_forgeries_of_a_good_request(door: Door, desk: FakeDesk) -> None:
    """Whatever is changed in what Slack signed, it is a stranger's, and nothing breaks."""
    dice = random.Random(20)  # noqa: S311 - the same forgeries every time
    raw = urlencode(command()).encode()
    good = {
        "X-Slack-Request-Timestamp": str(NOW),
        "X-Slack-Signature": signed(raw),
        "Content-Type": FORM,
    }
    statuses: Counter[int] = Counter()

    for _ in range(1000):
        headers, body = dict(good), bytearray(raw)
        match dice.randrange(3):
            case 0:
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            case 1:
                del body[dice.randrange(len(body)) :]
            case _:
                name = dice.choice(list(good)[:2])
                text = list(headers[name])
                text[dice.randrange(len(text))] = dice.choice("0123456789abcdefgXv=-+. \u00e9")
                headers[name] = "".join(text)
        if (bytes(body), headers) != (raw, good):
            statuses[(await door.post(COMMANDS, bytes(body), headers))[0]] += 1

    assert statuses.keys() == {401}
    assert sum(statuses.values()) > 900
    assert desk.asked == []
