"""What people do in the guild, for stories and tests: the page's routes as methods."""

import asyncio
import json
from collections.abc import Callable
from typing import Self, TypeVar, cast

import httpx

from bot.workspace.discord.world import THREAD_STARTER, Json

Seen = TypeVar("Seen")


class Guild:
    """A guild that runs at an address, from the side of its people; a context manager."""

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
        """Type a slash command, with its options as `name:value` or as plain words."""
        return await self._do("command", user=user, channel=channel, text=text)

    async def autocomplete(self, user: str, channel: str, text: str, option: str) -> Json:
        """Look what could be typed in an option, with this much of the command typed."""
        return await self._do("suggest", user=user, channel=channel, text=text, option=option)

    async def say(self, user: str, channel: str, text: str) -> Json:
        """Write a message in a channel or a thread."""
        return await self._do("message", user=user, channel=channel, text=text)

    async def click(self, user: str, channel: str, message: str, custom_id: str) -> Json:
        """Press a button."""
        place = {"channel": channel, "message": message}
        return await self._do("click", user=user, custom_id=custom_id, **place)

    async def submit(self, user: str, view_id: str, values: dict[str, str]) -> Json:
        """Send a dialog off, with a text for each input's custom id."""
        return await self._do("submit", user=user, view_id=view_id, values=values)

    async def close(self, user: str, view_id: str) -> Json:
        """Close a dialog."""
        return await self._do("close", user=user, view_id=view_id)

    async def become(self, user: str, **member: object) -> Json:
        """Change what the guild says about a member: `pending`, `flags` and the like."""
        return await self._do("become", user=user, member=member)

    async def leave(self, user: str) -> Json:
        """Leave the guild."""
        return await self._do("become", user=user, is_gone=True)

    async def shut_out_app(self, user: str) -> Json:
        """Take no more direct messages from the app."""
        return await self._do("become", user=user, takes_direct_messages=False)

    async def archive(self, user: str, thread: str, *, locked: bool = False) -> Json:
        """Put a thread away."""
        return await self._do("archive", user=user, thread=thread, locked=locked)

    async def misbehave(self, **fault: object) -> Json:
        """Plan a fault."""
        return await self._do("misbehave", **fault)

    async def messages(self, channel: str) -> list[Json]:
        """What everybody sees in a channel or a thread, oldest first."""
        return cast("list[Json]", (await self.state())["messages"].get(channel, []))

    async def thread(self, channel: str, id_: str) -> list[Json]:
        """The replies in the thread that hangs on a message, oldest first."""
        state = await self.state()
        threads = [one for one in state["channels"] if one.get("parent_id") == channel]
        known = [one["id"] for one in threads]
        every: list[Json] = state["messages"][id_] if id_ in known else []
        return [one for one in every if one["type"] != THREAD_STARTER]

    async def ephemerals(self, user: str) -> list[Json]:
        """What only this person sees."""
        return cast("list[Json]", (await self.state())["ephemerals"][user])

    async def until(self, seen: Callable[[Json], Seen | None], *, seconds: float = 10) -> Seen:
        """What `seen` finds in the state, as soon as it finds something that is true."""
        async with asyncio.timeout(seconds), self._http.stream("GET", "/page/events") as news:
            async for line in news.aiter_lines():
                if line and (found := seen(await self.state())):
                    return found
        raise ConnectionError("The guild closed before that was seen.")

    async def _do(self, what: str, **act: object) -> Json:
        answer = await self._http.post(f"/page/{what}", json=act)
        return cast("Json", json.loads(answer.raise_for_status().text))
