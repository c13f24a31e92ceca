"""Messages in one Discord server: post, edit, find again, link; docs/adr/0020 says why so.

A message is posted as its sentence, which phones show, and then edited into its card. The key of a
posting goes along twice: as a nonce, by which Discord recognises a second try for some minutes,
and as the id of the card's container, by which we recognise the card.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.chat.discord.components import IS_COMPONENTS, NOBODY, mentioned, render
from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild, id_of
from bot.chat.discord.lost import EDITABLE_SECONDS, Lost, mark_of, nonces_of
from bot.chat.discord.refusals import ARCHIVED, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, DiscordRefused
from bot.chat.discord.threads import Threads
from bot.domain.errors import TwokeyError
from bot.domain.target import Place
from bot.faultpoints import FaultPoint, reached
from bot.message import Buttons, Line, Message, Note
from bot.ports import ChatFailed, ChatRefused, ChatUnreachable, Reference, Remedy

_RETIRING_SECONDS: Final = 5.0
_MOST_REMEMBERED: Final = 1_000


class DiscordChat:
    """Implements ``bot.ports.Chat`` for one server; ``now`` is the real time in seconds."""

    def __init__(self, guild: Guild, *, now: Callable[[], float]) -> None:
        """Talk through this server's connections."""
        self._guild = guild
        self._lost = Lost(guild, now=now)
        self._threads = Threads(guild)
        self._marks: OrderedDict[str, int] = OrderedDict()  # message -> its container's id
        self._sentences: dict[tuple[str, str], Reference] = {}  # posted, and not yet a card

    async def post(
        self, place: Place, message: Message, *, thread: Reference | None, key: str
    ) -> Reference:
        """Post the sentence once, and make it a card.

        If only the second fails, what is raised says where the sentence stands; the next try, or
        ``find``, goes on with it as well.
        """
        channel = await self._channel(place, thread, message)
        where = place.person.user if place.person else channel
        for nonce in nonces_of(channel, key):
            reference = self._unfinished(channel, key)
            if reference is None:
                self._lost.say(channel, key, render(message)[0])
                reference = await self._say(channel, message, nonce=nonce, where=where)
            if reference is None:
                continue
            self._sentences[channel, key] = reference
            self._remember(reference.message, mark_of(key))
            reached(FaultPoint.SENTENCE_SENT)
            try:
                await self._show(reference, message)
            except ChatFailed as failure:
                if not isinstance(failure, DiscordRefused) or failure.code != UNKNOWN_MESSAGE:
                    failure.begun = reference
                    raise
                del self._sentences[channel, key]  # somebody deleted it that moment
            else:
                del self._sentences[channel, key]
                self._lost.heard(channel, key)
                return reference
        raise ChatUnreachable(f"What Twokey says in {channel} is deleted at once.")

    async def edit(self, reference: Reference, message: Message) -> None:
        """Replace the message, or refuse because it is too old: then it is posted anew."""
        if self._lost.age(reference.message) < EDITABLE_SECONDS:
            try:
                await self._show(reference, message)
            except DiscordRefused as refusal:
                if refusal.code != UNKNOWN_CHANNEL:
                    raise
                raise ChatRefused(str(refusal), remedy=Remedy.ANEW) from refusal
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
        try:
            found = await self._lost.find(channel, key, marks=self._marks)
        except DiscordRefused as refusal:
            if thread is None or refusal.code != UNKNOWN_CHANNEL:
                raise  # but nothing stands in a thread that was never opened
            found = None
        if found is None:
            return None
        self._remember(found, mark_of(key))
        return self._reference(channel, found)

    async def link(self, reference: Reference) -> str:
        """Return Discord's own address of the message."""
        channel, site = reference.place.channel, self._guild.settings.site
        where = "@me" if self._threads.is_direct(channel) else self._guild.id
        return f"{site}/channels/{where}/{channel}/{reference.message}"

    def _unfinished(self, channel: str, key: str) -> Reference | None:
        """Return the sentence that was posted and did not become a card, if it still can."""
        reference = self._sentences.get((channel, key))
        is_young = reference and self._lost.age(reference.message) < EDITABLE_SECONDS
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
            if refusal.code == UNKNOWN_CHANNEL:
                self._threads.forget(channel)  # somebody deleted it, and all that stood in it
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

    def _remember(self, message: str, mark: int) -> None:
        """Keep a card's mark: each edit has to repeat it."""
        self._marks[message] = mark
        if len(self._marks) > _MOST_REMEMBERED:
            self._marks.popitem(last=False)

    def _reference(self, channel: str, message: object) -> Reference:
        return Reference(Place("discord", self._guild.id, channel), str(message))
