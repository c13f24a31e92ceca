"""Whether the process lives and can work: for what starts it again, and what sends to it."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from bot.domain.errors import TwokeyError

Check = Callable[[], Awaitable[str]]  # nothing, or what is wrong

_PATIENCE: Final = 2.0  # seconds for all checks together
_FRESH: Final = 1.0  # seconds; anybody may ask, and asking must not keep the database busy


class Health:
    """Answers ``/healthz`` and ``/readyz``; ``now`` counts seconds and never jumps."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        now: Callable[[], float],
        remarks: Mapping[str, Check] | None = None,
    ) -> None:
        """Know what has to be in order before the bot can work; ``remarks`` are only told."""
        self._checks = checks
        self._remarks = remarks or {}
        self._now = now
        self._looked_at = float("-inf")
        self._found: Mapping[str, str] = {}
        self._told: Mapping[str, str] = {}
        self._looking = asyncio.Lock()

    def routes(self) -> Mapping[str, Callable[[web.BaseRequest], Awaitable[web.Response]]]:
        """Return what answers at which address."""
        return {"GET /healthz": self.is_alive, "GET /readyz": self.is_ready}

    async def is_alive(self, _: web.BaseRequest) -> web.Response:
        """Say that the process answers, and nothing else."""
        return web.json_response({"status": "ok"})

    async def is_ready(self, _: web.BaseRequest) -> web.Response:
        """Say whether everything is in order, and if not, which part is not and why."""
        async with self._looking:
            if self._now() - self._looked_at > _FRESH:
                self._found = await _outcomes(self._checks)
                self._told = await _outcomes(self._remarks)
                self._looked_at = self._now()
        is_ready = not any(self._found.values())
        remarks = {name: told for name, told in self._told.items() if told}
        body = {
            "status": "ready" if is_ready else "not ready",
            "checks": {name: wrong or "ok" for name, wrong in self._found.items()},
            **({"remarks": remarks} if remarks else {}),
        }
        status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
        return web.json_response(body, status=status, dumps=_dumps)


async def _outcomes(looks: Mapping[str, Check]) -> Mapping[str, str]:
    found = await asyncio.gather(*map(_outcome, looks.values()))
    return dict(zip(looks, found, strict=True))


async def _outcome(look: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await look()
    except TwokeyError as error:
        return str(error)
    except TimeoutError:
        return f"It did not answer within {_PATIENCE:g} s."


def _dumps(body: object) -> str:
    return json.dumps(body)
