"""Signed HTTP: each delivery is a request to the app, which has three seconds to answer it."""

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from bot.workspace.mischief import Mischief
from bot.workspace.slack import seed
from bot.workspace.slack.faults import Fault
from bot.workspace.slack.sockets import NotDelivered, Sockets
from bot.workspace.wire import Json

PATHS = {"slash_commands": "commands", "interactive": "interactivity", "events_api": "events"}
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
RETRY_AFTER = (0.0, 60.0, 300.0)  # of events; nothing else is sent again


class Requests(Sockets):
    """Sends to the app's request URLs what would go to its sockets."""

    def __init__(
        self, mischief: Mischief[Fault], *, patience: float, session: aiohttp.ClientSession, to: str
    ) -> None:
        super().__init__(mischief, patience=patience)
        self._session = session
        self._to = to

    def _is_reachable(self) -> bool:
        return True  # whether it is, the request shows

    async def _hand_over(self, envelope: Json) -> None:
        failure, answer = await self._post(envelope, {})
        retries = RETRY_AFTER if envelope["type"] == "events_api" else ()
        for number, seconds in enumerate(retries, start=1):
            if failure:
                await asyncio.sleep(seconds)
                again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": failure}
                failure, answer = await self._post(envelope, again)
        owed = self._owed.get(envelope["envelope_id"])
        if not failure:
            self._settle(envelope | {"payload": answer})
        elif owed and not owed.done():
            is_late = failure == "http_timeout"
            owed.set_exception(NotDelivered("operation_timeout" if is_late else "no_app"))

    async def _post(self, envelope: Json, headers: dict[str, str]) -> tuple[str, Json]:
        """Send it once; say in Slack's words how that failed, or what the app answered."""
        kind, payload = envelope["type"], envelope["payload"]
        form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        body = json.dumps(payload) if kind == "events_api" else urlencode(form)
        headers |= {"Content-Type": JSON if kind == "events_api" else FORM} | _signature(body)
        url = f"{self._to}/slack/{PATHS[kind]}"
        try:
            async with asyncio.timeout(self._patience):
                async with self._session.post(url, data=body.encode(), headers=headers) as answer:
                    text = await answer.text()
        except TimeoutError:
            return "http_timeout", {}
        except aiohttp.ClientError:
            return "connection_failed", {}
        if not answer.ok:
            return "http_error", {}
        if answer.content_type == JSON:
            return "", json.loads(text)
        return "", {"text": text} if text else {}


def _signature(body: str) -> dict[str, str]:
    now = str(int(time.time()))
    mac = hmac.new(seed.SIGNING_SECRET.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256)
    return {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": f"v0={mac.hexdigest()}"}
