"""What people do in the workspace, for stories and tests: the page's routes as methods."""

import asyncio
import json
from collections.abc import Callable
from typing import Self, TypeVar, cast

import httpx

from bot.workspace.slack.world import Json

Seen = TypeVar("Seen")


class Workspace:
    """A workspace that runs at an address, from the side of its people; a context manager."""

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
        """Type a slash command."""
        return await self._do("command", user=user, channel=channel, text=text)

    async def say(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> Json:
        """Write a message."""
        words = {"text": text, "thread_ts": thread_ts}
        return await self._do("message", user=user, channel=channel, **words)

    async def click(self, user: str, channel: str, ts: str, action_id: str) -> Json:
        """Press a button."""
        return await self._do("click", user=user, channel=channel, ts=ts, action_id=action_id)

    async def submit(self, user: str, view_id: str, values: dict[str, str]) -> Json:
        """Send a dialog off, with a text for each input's action id."""
        return await self._do("submit", user=user, view_id=view_id, values=values)

    async def close(self, user: str, view_id: str) -> Json:
        """Close a dialog."""
        return await self._do("close", user=user, view_id=view_id)

    async def misbehave(self, **fault: object) -> Json:
        """Plan a fault."""
        return await self._do("misbehave", **fault)

    async def messages(self, channel: str) -> list[Json]:
        """What every member of a channel sees, threads included, oldest first."""
        return cast("list[Json]", (await self.state())["messages"].get(channel, []))

    async def thread(self, channel: str, ts: str) -> list[Json]:
        """The replies below a message, oldest first."""
        every = await self.messages(channel)
        return [one for one in every if one.get("thread_ts") == ts != one["ts"]]

    async def ephemerals(self, user: str) -> list[Json]:
        """What only this person sees."""
        return cast("list[Json]", (await self.state())["ephemerals"][user])

    async def until(self, seen: Callable[[Json], Seen | None], *, seconds: float = 10) -> Seen:
        """What `seen` finds in the state, as soon as it finds something that is true."""
        async with asyncio.timeout(seconds), self._http.stream("GET", "/page/events") as news:
            async for line in news.aiter_lines():
                if line and (found := seen(await self.state())):
                    return found
        raise ConnectionError("The workspace closed before that was seen.")

    async def _do(self, what: str, **act: object) -> Json:
        answer = await self._http.post(f"/page/{what}", json=act)
        return cast("Json", json.loads(answer.raise_for_status().text))
