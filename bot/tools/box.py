"""The tools of one step, and the client that all steps share."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx

from bot.domain.errors import NotApplied
from bot.faultpoints import FaultPoint, reached
from bot.ports import Clock, Tools
from bot.tools.guard import Guard, Origin, Resolve, resolve

TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
LONGEST_TEXT: Final = 300

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class ToolBox:
    """Makes the tools for one step; owns the one client that all of them share."""

    def __init__(
        self,
        *,
        clock: Clock,
        secrets: Mapping[str, str],
        endpoints: Mapping[str, str],
        origins: Mapping[Origin, bool],
        scrub: Callable[[str], str],
        resolve: Resolve = resolve,
    ) -> None:
        """Build the client; nothing is connected before the first call."""
        self._clock = clock
        self._secrets = secrets
        self._endpoints = endpoints
        self._scrub = scrub
        self._http = httpx.AsyncClient(
            transport=Guard(origins, scrub=scrub, resolve=resolve),
            timeout=TIMEOUT,
            headers={"User-Agent": "Twokey", "Accept-Encoding": "identity"},
            trust_env=False,
        )

    def for_step(self, *, key: str, secrets: Sequence[str]) -> Tools:
        """Return tools that carry the step's key and open just these secrets."""
        return _StepTools(
            key=key,
            http=self._http,
            _clock=self._clock,
            _secrets={name: self._secrets.get(name, "") for name in secrets},
            _endpoints=self._endpoints,
        )

    def scrub(self, text: str) -> str:
        """Return the text without any secret, short enough for people."""
        scrubbed = self._scrub(text)
        if len(scrubbed) <= LONGEST_TEXT:
            return scrubbed
        return f"{scrubbed[: LONGEST_TEXT - 1]}…"

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class _StepTools:
    key: str
    http: httpx.AsyncClient
    _clock: Clock
    _secrets: Mapping[str, str]
    _endpoints: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<tools of {self.key}>"

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        reached(FaultPoint.CALL_WAITING)
        await self._clock.sleep(seconds)

    def secret(self, name: str) -> str:
        value = self._secrets.get(name)
        if value is None:
            raise NotApplied(f"This action did not declare the secret {name}; it gets none.")
        if not value:
            raise NotApplied(
                f"The secret {name} is not set. Name it under secrets: in twokey.yaml. Nothing was "
                "changed."
            )
        if _TOKEN.fullmatch(value) is None:  # an HTTP library would show it in its error
            raise NotApplied(
                f"The secret {name} holds a blank, a line break or a character that no token has. "
                "Write it again. Nothing was changed."
            )
        return value

    def base_url(self, system: str) -> str:
        if system not in self._endpoints:
            raise NotApplied(
                f"No address is known for {system}. Name it under endpoints: in twokey.yaml. "
                "Nothing was changed."
            )
        return self._endpoints[system].rstrip("/")
