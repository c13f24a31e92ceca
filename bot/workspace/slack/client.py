"""What people do in the workspace, for stories and tests: its page's routes as methods."""

from bot.workspace.client import PageClient
from bot.workspace.wire import Json


class Workspace(PageClient):
    """A workspace that runs at an address, from the side of its people; a context manager."""

    async def say(
        self, user: str, channel: str, text: str, *, thread_ts: str | None = None
    ) -> Json:
        """Write a message."""
        words = {"text": text, "thread_ts": thread_ts}
        return await self.do("message", user=user, channel=channel, **words)

    async def click(self, user: str, channel: str, ts: str, action_id: str) -> Json:
        """Press a button."""
        return await self.do("click", user=user, channel=channel, ts=ts, action_id=action_id)

    async def thread(self, channel: str, ts: str) -> list[Json]:
        """The replies below a message, oldest first."""
        every = await self.messages(channel)
        return [one for one in every if one.get("thread_ts") == ts != one["ts"]]
