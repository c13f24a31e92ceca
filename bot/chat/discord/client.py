"""Messages in one Discord server: post, edit, find again, link; docs/adr/0020 says why so.

A message is posted as its sentence, which phones show, and then edited into its card. The key of a
posting goes along twice: as a nonce, by which Discord recognises a second try for some minutes,
and as the id of the card's container, by which we recognise the card.
"""

import asyncio
import base64
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any, Final, cast

from bot.chat.discord.components import IS_COMPONENTS, NOBODY, Json, mentioned, render
from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild, id_of
from bot.chat.discord.refusals import ARCHIVED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, DiscordRefused
from bot.chat.discord.threads import Threads
from bot.domain.errors import TwokeyError
from bot.domain.target import Place
from bot.faultpoints import FaultPoint, reached
from bot.message import Buttons, Line, Message, Note
from bot.ports import ChatRefused, ChatUnreachable, Reference, Remedy

# Discord limits edits of messages older than an hour, in a way that it tells nobody (30046).
_EDITABLE_SECONDS: Final = 3_540.0
_RETIRING_SECONDS: Final = 5.0
_EPOCH_MILLISECONDS: Final = 1_420_070_400_000
_PAGES: Final = 3  # a lost answer is looked for within seconds or minutes
_PAGE: Final = 100
_NONCES: Final = 3
_LONGEST_NONCE: Final = 25
_MOST_REMEMBERED: Final = 1_000


class DiscordChat:
    """Implements ``bot.ports.Chat`` for one server; ``now`` is the real time in seconds."""

    def __init__(self, guild: Guild, *, now: Callable[[], float]) -> None:
        """Talk through this server's connections."""
        self._guild = guild
        self._now = now
        self._threads = Threads(guild)
        self._marks: OrderedDict[str, int] = OrderedDict()  # message -> its container's id
        self._sentences: dict[tuple[str, str], Reference] = {}  # posted, and not yet a card

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Post the sentence once, and make it a card.

        If only the second fails, the next try, or ``find``, goes on with the message that is there.
        """
        channel = await self._channel(place, thread, message)
        where = place.person.user if place.person else channel
        for nonce in _nonces(channel, key):
            reference = self._unfinished(channel, key)
            reference = reference or await self._say(channel, message, nonce=nonce, where=where)
            if reference is None:
                continue
            self._sentences[channel, key] = reference
            self._remember(reference.message, _mark(key))
            reached(FaultPoint.SENTENCE_SENT)
            try:
                await self._show(reference, message)
            except DiscordRefused as refusal:
                if refusal.code != UNKNOWN_MESSAGE:
                    raise
                del self._sentences[channel, key]  # somebody deleted it that moment
            else:
                del self._sentences[channel, key]
                return reference
        raise ChatUnreachable(f"What Twokey says in {channel} is deleted at once.")

    async def edit(self, reference: Reference, message: Message) -> None:
        """Replace the message, or refuse because it is too old: then it is posted anew."""
        if self._age(reference.message) < _EDITABLE_SECONDS:
            await self._show(reference, message)
            self._sentences = {k: r for k, r in self._sentences.items() if r != reference}
            return
        await self._retire(reference, message)
        raise ChatRefused(
            f"The message in {reference.place.channel} is older than an hour, and Discord changes "
            "such messages seldom.",
            remedy=Remedy.ANEW,
        )

    async def find(self, place: Place, *, thread: Reference | None, key: str) -> Reference | None:
        """Look through the newest messages of the place, or of the thread.

        What is too old to be edited is not looked for.
        """
        channel = thread.message if thread else await self._threads.channel(place)
        if reference := self._unfinished(channel, key):
            return reference
        nonces, mark = set(_nonces(channel, key)), _mark(key)
        try:
            async for found in self._newest(channel):
                is_it = _container(found) == mark or found.get("nonce") in nonces
                if is_it and _author(found) == self._guild.user:
                    self._remember(found["id"], mark)
                    return self._reference(channel, found["id"])
        except DiscordRefused as refusal:
            if thread is None or refusal.code != UNKNOWN_CHANNEL:
                raise  # but nothing stands in a thread that was never opened
        return None

    async def link(self, reference: Reference) -> str:
        """Return Discord's own address of the message."""
        channel, site = reference.place.channel, self._guild.settings.site
        where = "@me" if self._threads.is_direct(channel) else self._guild.id
        return f"{site}/channels/{where}/{channel}/{reference.message}"

    def _unfinished(self, channel: str, key: str) -> Reference | None:
        """Return the sentence that was posted and did not become a card, if it still can."""
        reference = self._sentences.get((channel, key))
        is_young = reference and self._age(reference.message) < _EDITABLE_SECONDS
        return reference if is_young else None

    async def _channel(self, place: Place, thread: Reference | None, message: Message) -> str:
        if thread is not None:
            return await self._threads.under(thread, message)
        return await self._threads.channel(place)

    async def _say(
        self, channel: str, message: Message, *, nonce: str, where: str
    ) -> Reference | None:
        """Post the sentence; None if what was posted with this nonce is deleted, or elsewhere."""
        content, _ = render(message)
        try:
            posted = await self._guild.call(
                "POST /channels/{channel_id}/messages",
                where=where,
                channel_id=channel,
                json={
                    "content": content,
                    "nonce": nonce,
                    "enforce_nonce": True,
                    "allowed_mentions": NOBODY | {"users": list(mentioned(message))},
                },
            )
        except DiscordRefused as refusal:
            if refusal.code == UNKNOWN_MESSAGE:
                return None
            if refusal.code == UNKNOWN_CHANNEL:
                self._threads.forget(channel)  # the thread is gone, and the notice may be there
            raise
        return self._reference(channel, id_of(posted))

    async def _show(self, reference: Reference, message: Message) -> None:
        """Make the message a card; a thread that was archived meanwhile is opened."""
        channel = reference.place.channel
        try:
            await self._replace(reference, message)
        except DiscordRefused as refusal:
            if refusal.code != ARCHIVED:
                raise
            await self._threads.unarchive(channel)
            await self._replace(reference, message)

    async def _replace(self, reference: Reference, message: Message) -> None:
        _, components = render(message, mark=self._marks.get(reference.message))
        await self._guild.call(
            "PATCH /channels/{channel_id}/messages/{message_id}",
            where=reference.place.channel,
            channel_id=reference.place.channel,
            message_id=reference.message,
            json={
                "content": None,
                "components": components,
                "flags": IS_COMPONENTS,
                "allowed_mentions": NOBODY | {"users": list(mentioned(message))},
            },
        )

    async def _retire(self, reference: Reference, message: Message) -> None:
        """Take the buttons off an old message, if Discord still lets us; it is tried once."""
        blocks = message.blocks or (Line((message.text,)),)
        kept = tuple(block for block in blocks if not isinstance(block, Buttons))
        self._marks.pop(reference.message, None)  # it is not to be found instead of the new one
        note = Note(("This goes on in a newer message below.",))
        try:
            async with asyncio.timeout(_RETIRING_SECONDS):
                await self._replace(reference, replace(message, blocks=(*kept, note)))
        except (TwokeyError, TimeoutError) as error:
            log.info("The buttons stay on an old message, where they are refused: %s", error)

    async def _page(self, channel: str, before: str) -> list[Json]:
        params = {"limit": str(_PAGE)} | ({"before": before} if before else {})
        found: Any = await self._guild.call(
            "GET /channels/{channel_id}/messages", where=channel, channel_id=channel, params=params
        )
        page: list[Json] = cast("list[Json]", found) if isinstance(found, list) else [{}]
        for message in page:
            id_of(message)
        return page

    async def _newest(self, channel: str) -> AsyncIterator[Json]:
        """Read the newest messages of a channel, back to those that can't be edited any more."""
        before = ""
        for _ in range(_PAGES):
            page = await self._page(channel, before)
            for found in page:
                yield found
            if len(page) < _PAGE or self._age(page[-1]["id"]) > _EDITABLE_SECONDS:
                return
            before = page[-1]["id"]

    def _age(self, message: str) -> float:
        """Return for how many seconds a message is there: its id tells when it was made."""
        return self._now() - ((int(message) >> 22) + _EPOCH_MILLISECONDS) / 1_000

    def _remember(self, message: str, mark: int) -> None:
        """Keep a card's mark: each edit has to repeat it."""
        self._marks[message] = mark
        if len(self._marks) > _MOST_REMEMBERED:
            self._marks.popitem(last=False)

    def _reference(self, channel: str, message: object) -> Reference:
        return Reference(Place("discord", self._guild.id, channel), str(message))


def _mark(key: str) -> int:
    """Return the number of a key: 30 bits, above the numbers that Discord gives by itself."""
    return 1 << 30 | int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) >> 2


def _nonces(channel: str, key: str) -> Iterator[str]:
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
