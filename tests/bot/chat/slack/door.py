"""A bot that takes deliveries over HTTP, and a sender who knows how Slack signs."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.chat.slack.http import COMMANDS, EVENTS, SlackRequests, identified
from bot.chat.slack.team import Team
from bot.chat.slack.teams import Teams
from bot.invocation import Desk
from bot.listener import Listener
from tests.bot.chat.slack.test_payloads import COMMAND
from tests.bot.chat.slack.test_signature import NOW, signed

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
Body = bytes | dict[str, Any]


@dataclass
class Door:
    """The request URLs of a bot that listens, and a sender who knows the signing secret."""

    requests: SlackRequests
    url: str
    http: aiohttp.ClientSession

    async def send(
        self,
        path: str,
        body: Body,
        *,
        at: int = NOW,
        secret: str = "current",  # noqa: S107
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Send a signed request; return the status and the text of the answer."""
        kind = JSON if path == EVENTS else FORM
        raw = body if isinstance(body, bytes) else _written(path, body)
        proof = {
            "X-Slack-Request-Timestamp": str(at),
            "X-Slack-Signature": signed(raw, at=at, secret=secret),
            "Content-Type": kind,
        }
        return await self.post(path, raw, proof | dict(headers or {}))

    async def post(self, path: str, raw: Any, headers: Mapping[str, str]) -> tuple[int, str]:
        """Send a request as it is."""
        async with self.http.post(self.url + path, data=raw, headers=headers) as answer:
            return answer.status, await answer.text()


def _written(path: str, body: dict[str, Any]) -> bytes:
    if path == EVENTS:
        return json.dumps(body).encode()
    return urlencode(body if path == COMMANDS else {"payload": json.dumps(body)}).encode()


@asynccontextmanager
async def serving(
    team: Team, desk: Desk, *, port: int = 0, patience: float = 0.3
) -> AsyncIterator[tuple[SlackRequests, Listener]]:
    """Listen on this machine with two signing secrets, at a moment that stands still."""
    secrets = ["next", "current"]
    teams = Teams(now=lambda: 0.0)

    async def opening() -> None:
        teams.admit(await identified(team))

    requests = SlackRequests(
        teams, desk, secrets=secrets, now=lambda: NOW, opening=opening, patience=patience
    )
    listener = Listener(requests.routes(), host="127.0.0.1", port=port)
    await listener.start()
    try:
        yield requests, listener
    finally:
        await listener.stop()
        await requests.stop()


def command(text: str = "backend", **changes: Any) -> dict[str, Any]:
    """A slash command, of which no two are the same delivery."""
    return COMMAND | {"text": text, "response_url": "http://127.0.0.1:9/"} | changes
