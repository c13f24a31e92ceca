"""Messages in one Slack team: post, edit, find again, link."""

from collections.abc import Mapping
from typing import Any, Final

from bot.chat.slack.blocks import Json, render
from bot.chat.slack.team import Team
from bot.domain.target import Place
from bot.message import Message
from bot.ports import Reference

# Slack makes no names, channels and addresses of a message's bare text.
UNREAD: Final[Mapping[str, Any]] = {"parse": "none", "link_names": False}
_PAGES: Final = 3  # a lost answer is looked for within seconds or minutes
_PAGE: Final = 200


class SlackChat:
    """Implements ``bot.ports.Chat`` for one team."""

    def __init__(self, team: Team) -> None:
        """Talk through this team's connections."""
        self._team = team
        self._direct: dict[str, str] = {}

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Post once, with the key as metadata."""
        channel = await self._channel(place)
        text, blocks = render(message)
        posted = await self._team.call(
            "chat.postMessage",
            where=place.channel,
            channel=channel,
            text=text,
            blocks=blocks,
            thread_ts=thread.message if thread else None,
            **UNREAD,
            mrkdwn=False,
            metadata={"event_type": "twokey_posting", "event_payload": {"key": key}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return self._reference(channel, posted["ts"])

    async def edit(self, reference: Reference, message: Message) -> None:
        """Replace the message; Slack keeps the metadata."""
        text, blocks = render(message)
        channel = reference.place.channel
        await self._team.call(
            "chat.update",
            where=channel,
            channel=channel,
            ts=reference.message,
            text=text,
            blocks=blocks,
            **UNREAD,
        )

    async def find(self, place: Place, *, thread: Reference | None, key: str) -> Reference | None:
        """Look through the newest messages of the place, or through the thread."""
        channel = await self._channel(place)
        cursor = ""
        for _ in range(_PAGES):
            page = await self._team.call(
                "conversations.replies" if thread else "conversations.history",
                where=place.channel,
                channel=channel,
                ts=thread.message if thread else None,
                include_all_metadata=True,
                limit=_PAGE,
                cursor=cursor or None,
            )
            for found in page.get("messages", ()):
                if _key(found) == key:
                    return self._reference(channel, found["ts"])
            cursor = _next_cursor(page)
            if not cursor:
                break
        return None

    async def link(self, reference: Reference) -> str:
        """Return Slack's own address of the message."""
        channel = reference.place.channel
        answer = await self._team.call(
            "chat.getPermalink", where=channel, channel=channel, message_ts=reference.message
        )
        return str(answer["permalink"])

    async def _channel(self, place: Place) -> str:
        """Return the channel's id; a person's direct messages are opened first."""
        if place.person is None:
            return place.channel
        user = place.person.user
        if user not in self._direct:
            answer = await self._team.call("conversations.open", where=user, users=user)
            self._direct[user] = str(answer["channel"]["id"])
        return self._direct[user]

    def _reference(self, channel: str, ts: Any) -> Reference:  # noqa: ANN401 - from JSON
        return Reference(Place("slack", self._team.id, channel), str(ts))


def _key(message: Json) -> str | None:
    match message:
        case {"metadata": {"event_type": "twokey_posting", "event_payload": {"key": str(key)}}}:
            return key
        case _:
            return None


def _next_cursor(page: Json) -> str:
    match page:
        case {"response_metadata": {"next_cursor": str(cursor)}}:
            return cursor
        case _:
            return ""
