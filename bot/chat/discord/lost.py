"""What was posted although nobody heard so: how it is recognised among our newest messages.

By the key, which a card bears as the id of its container, and a sentence as its nonce, where
Discord still tells it; and by the sentence itself, while the process lives that posted it.
"""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, cast

from bot.chat.discord.components import Json
from bot.chat.discord.guild import Guild, id_of

# Discord limits edits of messages older than an hour, in a way that it tells nobody (30046).
EDITABLE_SECONDS: Final = 3_540.0
_EPOCH_MILLISECONDS: Final = 1_420_070_400_000
_PAGES: Final = 3  # a lost answer is looked for within seconds or minutes
_PAGE: Final = 100
_NONCES: Final = 3
_LONGEST_NONCE: Final = 25
_MOST_SAID: Final = 1_000
_MOST_WORDINGS: Final = 8  # of one message, which changes while it can't be posted
_SKEW_SECONDS: Final = 60.0  # between our clock and Discord's


class Lost:
    """Finds what was posted; ``now`` is the real time in seconds."""

    def __init__(self, guild: Guild, *, now: Callable[[], float]) -> None:
        """Start without having said anything."""
        self._guild = guild
        self._now = now
        self._said: OrderedDict[tuple[str, str], tuple[float, tuple[str, ...]]] = OrderedDict()

    def say(self, channel: str, key: str, sentence: str) -> None:
        """Remember a sentence that is about to be posted."""
        since, before = self._said.pop((channel, key), (self._now(), ()))
        wordings = tuple(dict.fromkeys((*before, sentence.strip())))[-_MOST_WORDINGS:]
        self._said[channel, key] = since, wordings
        if len(self._said) > _MOST_SAID:
            self._said.popitem(last=False)

    def heard(self, channel: str, key: str) -> None:
        """Forget a sentence that became its card."""
        self._said.pop((channel, key), None)

    async def find(self, channel: str, key: str, *, marks: Mapping[str, int]) -> str | None:
        """Return the id of our message with this key; ``marks`` says whose the known ones are."""
        nonces, mark = set(nonces_of(channel, key)), mark_of(key)
        since, wordings = self._said.get((channel, key), (0.0, ()))
        youth = self._now() - since + _SKEW_SECONDS
        async for found in self._newest(channel):
            if _author(found) != self._guild.user:
                continue
            if _container(found) == mark or found.get("nonce") in nonces:
                return id_of(found)
            is_sentence = not found.get("components") and _content(found) in wordings
            is_free = marks.get(found["id"], mark) == mark
            if is_sentence and is_free and self.age(found["id"]) <= youth:
                return id_of(found)
        return None

    def age(self, message: str) -> float:
        """Return for how many seconds a message is there: its id tells when it was made."""
        return self._now() - ((int(message) >> 22) + _EPOCH_MILLISECONDS) / 1_000

    async def _newest(self, channel: str) -> AsyncIterator[Json]:
        """Read the newest messages of a channel, back to those that can't be edited any more."""
        before = ""
        for _ in range(_PAGES):
            page = await self._page(channel, before)
            for found in page:
                if self.age(found["id"]) > EDITABLE_SECONDS:
                    return
                yield found
            if len(page) < _PAGE:
                return
            before = page[-1]["id"]

    async def _page(self, channel: str, before: str) -> list[Json]:
        params = {"limit": str(_PAGE)} | ({"before": before} if before else {})
        found: Any = await self._guild.call(
            "GET /channels/{channel_id}/messages", where=channel, channel_id=channel, params=params
        )
        page: list[Json] = cast("list[Json]", found) if isinstance(found, list) else [{}]
        for message in page:
            id_of(message)
        return page


def mark_of(key: str) -> int:
    """Return the number of a key: 30 bits, above the numbers that Discord gives by itself."""
    return 1 << 30 | int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) >> 2


def nonces_of(channel: str, key: str) -> Iterator[str]:
    """Return the nonces of a key: the next one for when the message of the last was deleted."""
    for number in range(_NONCES):
        digest = hashlib.sha256(f"{channel} {key} {number}".encode()).digest()
        yield base64.urlsafe_b64encode(digest).decode()[:_LONGEST_NONCE]


def _container(message: Json) -> int | None:
    match message:
        case {"components": [{"type": 17, "id": int(mark)}, *_]}:
            return mark
        case _:
            return None


def _author(message: Json) -> str | None:
    match message:
        case {"author": {"id": str(author)}}:
            return author
        case _:
            return None


def _content(message: Json) -> str | None:
    match message:
        case {"content": str(content)}:
            return content.strip()
        case _:
            return None
