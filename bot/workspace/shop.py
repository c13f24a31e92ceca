"""The shop next door: each part is asked over HTTP, and healthy when it answers 2xx."""

import asyncio
import json
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import aiohttp

from bot.workspace.wire import Json

PATIENCE = aiohttp.ClientTimeout(total=1)


class Shop:
    """The parts of the shop and their addresses."""

    def __init__(self, parts: Mapping[str, str], session: aiohttp.ClientSession) -> None:
        for name, url in parts.items():
            if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
                raise ValueError(f"The shop's {name} must be on this machine, not at {url}.")
        self._parts = parts
        self._session = session

    async def look(self) -> Json:
        """Ask every part now."""
        answers = await asyncio.gather(*(self._ask(url) for url in self._parts.values()))
        return dict(zip(self._parts, answers, strict=True))

    async def _ask(self, url: str) -> Json:
        seen: Json = {"url": url, "healthy": False, "status": None, "version": None}
        try:
            async with self._session.get(url, timeout=PATIENCE, allow_redirects=False) as answer:
                seen |= {"status": answer.status, "healthy": answer.status // 100 == 2}  # noqa: PLR2004
                body: object = json.loads(await answer.text())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return seen  # unreachable, or not JSON: there is no version to tell
        if isinstance(body, dict):
            seen["version"] = cast("Json", body).get("version")
        return seen
