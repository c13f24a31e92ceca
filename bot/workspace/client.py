"""What people do on the page of any chat, for stories and tests: its routes as methods."""

import asyncio
import json
from collections.abc import Callable
from typing import Self, TypeVar, cast

import httpx

from bot.workspace.wire import Json

Seen = TypeVar("Seen")


class PageClient:
    """A chat that runs at an address, from the side of its people; a context manager."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def state(self) -> Json:
        """Everything that the page can show."""
        answer = await self._http.get("/page/state")
        return cast("Json", json.loads(answer.raise_for_status().text))

    async def command(self, user: str, channel: str, text: str) -> Json:
        """Type a slash command; in Discord with its options as `name:value` or as plain words."""
        return await self.do("command", user=user, channel=channel, text=text)

    async def submit(self, user: str, view_id: str, values: dict[str, str]) -> Json:
        """Send a dialog off, with a text for each input."""
        return await self.do("submit", user=user, view_id=view_id, values=values)

    async def close(self, user: str, view_id: str) -> Json:
        """Close a dialog."""
        return await self.do("close", user=user, view_id=view_id)

    async def misbehave(self, **fault: object) -> Json:
        """Plan a fault."""
        return await self.do("misbehave", **fault)

    async def messages(self, channel: str) -> list[Json]:
        """What everybody in a channel sees, oldest first; in Slack with what is in threads."""
        return cast("list[Json]", (await self.state())["messages"].get(channel, []))

    async def ephemerals(self, user: str) -> list[Json]:
        """What only this person sees."""
        return cast("list[Json]", (await self.state())["ephemerals"][user])

    async def until(self, seen: Callable[[Json], Seen | None], *, seconds: float = 10) -> Seen:
        """What `seen` finds in the state, as soon as it finds something that is true."""
        async with asyncio.timeout(seconds), self._http.stream("GET", "/page/events") as news:
            async for line in news.aiter_lines():
                if line and (found := seen(await self.state())):
                    return found
        raise ConnectionError("The chat closed before that was seen.")

    async def do(self, what: str, **act: object) -> Json:
        """Do what the page can do."""
        answer = await self._http.post(f"/page/{what}", json=act)
        return cast("Json", json.loads(answer.raise_for_status().text))
