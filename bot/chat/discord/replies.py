"""Answers to interactions, over connections of their own, so that nothing holds them back.

Discord gives three seconds for the first, and exempts them from the limit that holds for all other
calls; discord.py's client would make them wait for that one, too. They carry no token of the bot.
"""

import asyncio
from typing import Any, Final

import aiohttp
import discord
from discord.http import Route, json_or_text

from bot.chat.discord.refusals import ANSWERED

# Within the three seconds; what comes later is told in another way.
_PAUSES: Final = (0.5, 1.0)
_LONGEST_WAIT: Final = 2.0
_TOO_MANY: Final = 429
_STUMBLED: Final = frozenset({500, 502, 504})


class Replies:
    """Sends what answers an interaction; a context manager."""

    def __init__(self, client: discord.Client) -> None:
        """Open nothing yet; who we are is said in the words of discord.py."""
        self._headers = {"User-Agent": client.http.user_agent}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def request(self, route: Route, **options: Any) -> Any:  # noqa: ANN401 - JSON
        """Return what Discord answers; what it refuses is raised as discord.py raises it."""
        has_stumbled = False
        for pause in (*_PAUSES, None):
            try:
                return await self._ask(route, options)
            except discord.RateLimited as limited:
                if pause is None or limited.retry_after > _LONGEST_WAIT:
                    raise
                await asyncio.sleep(limited.retry_after)
            except discord.HTTPException as error:
                if has_stumbled and error.code == ANSWERED:
                    return None  # by ourselves: Discord took the try over which it stumbled
                if pause is None or error.status not in _STUMBLED:
                    raise
                has_stumbled = True
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _ask(self, route: Route, options: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        if self._session is None:
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(headers=self._headers, cookie_jar=jar)
        async with self._session.request(route.method, route.url, **options) as response:
            said = await json_or_text(response)
            if response.ok:
                return said
            match said:
                case {"retry_after": int() | float() as seconds} if response.status == _TOO_MANY:
                    raise discord.RateLimited(float(seconds))
                case _:
                    raise discord.HTTPException(response, said)
