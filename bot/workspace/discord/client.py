"""What people do in the guild, for stories and tests: its page's routes as methods."""

from bot.workspace.client import PageClient
from bot.workspace.discord.world import THREAD_STARTER
from bot.workspace.wire import Json


class Guild(PageClient):
    """A guild that runs at an address, from the side of its people; a context manager."""

    async def autocomplete(self, user: str, channel: str, text: str, option: str) -> Json:
        """Look what could be typed in an option, with this much of the command typed."""
        return await self.do("suggest", user=user, channel=channel, text=text, option=option)

    async def say(self, user: str, channel: str, text: str) -> Json:
        """Write a message in a channel or a thread."""
        return await self.do("message", user=user, channel=channel, text=text)

    async def click(self, user: str, channel: str, message: str, custom_id: str) -> Json:
        """Press a button."""
        place = {"channel": channel, "message": message}
        return await self.do("click", user=user, custom_id=custom_id, **place)

    async def become(self, user: str, **member: object) -> Json:
        """Change what the guild says about a member: `pending`, `flags` and the like."""
        return await self.do("become", user=user, member=member)

    async def leave(self, user: str) -> Json:
        """Leave the guild."""
        return await self.do("become", user=user, is_gone=True)

    async def shut_out_app(self, user: str) -> Json:
        """Take no more direct messages from the app."""
        return await self.do("become", user=user, takes_direct_messages=False)

    async def archive(self, user: str, thread: str, *, locked: bool = False) -> Json:
        """Put a thread away."""
        return await self.do("archive", user=user, thread=thread, locked=locked)

    async def thread(self, channel: str, id_: str) -> list[Json]:
        """The replies in the thread that hangs on a message, oldest first."""
        state = await self.state()
        threads = [one for one in state["channels"] if one.get("parent_id") == channel]
        known = [one["id"] for one in threads]
        every: list[Json] = state["messages"][id_] if id_ in known else []
        return [one for one in every if one["type"] != THREAD_STARTER]
