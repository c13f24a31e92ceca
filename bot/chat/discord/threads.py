"""The channel in which a message stands: a channel, a thread under a notice, direct messages."""

from typing import Final

from bot.chat.discord.guild import Guild, id_of
from bot.chat.discord.refusals import UNKNOWN_MESSAGE, Already, DiscordRefused
from bot.chat.discord.text import plain
from bot.domain.target import Place
from bot.message import Message, Title
from bot.ports import ChatRefused, Reference, Remedy

_LONGEST_NAME: Final = 100
_ARCHIVED_AFTER_MINUTES: Final = 1_440


class Threads:
    """Opens threads and direct messages, and remembers which are open."""

    def __init__(self, guild: Guild) -> None:
        """Start with nothing open."""
        self._guild = guild
        self._threads: set[str] = set()
        self._direct: dict[str, str] = {}

    async def channel(self, place: Place) -> str:
        """Return the channel's id; a person's direct messages are opened first."""
        person = place.person
        if person is None:
            return place.channel
        if person.user not in self._direct:
            opened = await self._guild.call(
                "POST /users/@me/channels", where=person.user, json={"recipient_id": person.user}
            )
            self._direct[person.user] = id_of(opened)
        return self._direct[person.user]

    def is_direct(self, channel: str) -> bool:
        """Tell whether this channel is known as somebody's direct messages."""
        return channel in self._direct.values()

    async def under(self, notice: Reference, message: Message) -> str:
        """Return the thread that hangs on a notice, named after its first message if it is new.

        It has the id of the message that it hangs on: Discord made it so.
        """
        thread = notice.message
        if thread in self._threads:
            return thread
        try:
            await self._guild.call(
                "POST /channels/{channel_id}/messages/{message_id}/threads",
                where=notice.place.channel,
                channel_id=notice.place.channel,
                message_id=notice.message,
                json={"name": _name(message), "auto_archive_duration": _ARCHIVED_AFTER_MINUTES},
            )
        except Already:
            pass
        except DiscordRefused as refusal:
            if refusal.code != UNKNOWN_MESSAGE:
                raise
            raise ChatRefused(
                f"The message in {notice.place.channel} that the thread hung on is gone.",
                remedy=Remedy.NEW_THREAD,
            ) from refusal
        self._threads.add(thread)
        return thread

    def forget(self, thread: str) -> None:
        """Open it again next time."""
        self._threads.discard(thread)

    async def unarchive(self, thread: str) -> None:
        """Open a thread that was quiet for a day."""
        await self._guild.call(
            "PATCH /channels/{channel_id}",
            where=thread,
            channel_id=thread,
            json={"archived": False},
        )


def _name(message: Message) -> str:
    title = next((block.text for block in message.blocks if isinstance(block, Title)), "")
    return plain(title or message.text, _LONGEST_NAME) or "…"
