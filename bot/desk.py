"""The desk: finds the command that was meant, and turns every refusal into a private answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.domain.errors import Refusal, Refused, TwokeyError
from bot.domain.target import Place, WrongChannel
from bot.engine.core import Engine, log
from bot.engine.flood import Flood
from bot.engine.gate import admit, refuse
from bot.invocation import Answer, Command, Invocation
from bot.message import Block, ChannelMention, Line, Link, Message

# A rollback's id, and where somebody is -> the address of its notice there.
LinkTo = Callable[[str, Place], Awaitable[str | None]]


class CommandDesk:
    """Takes what people ask for on any chat and answers; a refusal is an answer, too."""

    def __init__(self, engine: Engine, commands: Sequence[Command], *, link_to: LinkTo) -> None:
        """Index the commands by verb."""
        self._engine = engine
        self._by_verb = {command.verb: command for command in commands}
        self._link_to = link_to
        self._flood = Flood()

    async def typed(self, invocation: Invocation) -> Answer:
        """Answer the words after the slash command; nothing typed at all is a call for help."""
        return await self._calmly("typed", invocation) or await self._typed(invocation)

    async def called(self, verb: str, invocation: Invocation) -> Answer:
        """Answer a command whose options were filled in one by one."""
        return await self._calmly("typed", invocation) or await self._called(verb, invocation)

    async def suggested(self, verb: str, option: str, invocation: Invocation) -> tuple[str, ...]:
        """Return what could be filled in there; nothing to whoever may not ask, or if it fails."""
        command = self._by_verb.get(verb)
        asked = [one for one in command.options if one.name == option] if command else []
        if not asked or asked[0].suggest is None:
            return ()
        try:
            await admit(self._engine, invocation)
            return tuple(await asked[0].suggest(self._engine, invocation))
        except TwokeyError as error:
            log.info("nothing is suggested for %s: %s", option, type(error).__name__)
            return ()

    async def pressed(self, verb: str, invocation: Invocation) -> Answer:
        """Answer a button or a submitted form."""
        return await self._calmly("pressed", invocation) or await self._pressed(verb, invocation)

    async def _calmly(self, lane: str, invocation: Invocation) -> Answer | None:
        """Answer only the first of what is too much; the rest costs nobody anything."""
        try:
            is_over = self._flood.is_over(invocation.account, lane, self._engine.clock.now())
        except Refused as refused:
            return await self._refused(invocation, refused)
        return Answer() if is_over else None

    async def _typed(self, invocation: Invocation) -> Answer:
        first, _, rest = invocation.text.strip().partition(" ")
        if first.lower() in {"", "-h", "--help", "?"}:
            return await self._run(self._by_verb["help"], invocation)
        command = self._by_verb.get(first.lower())
        if command is None:
            return await self._run(self._by_verb["rollback"], invocation)
        if not command.typed:
            sentence = (
                f"“{first.lower()}” is a button on the card, not a word to type: the card shows "
                "what you decide on. Nothing was changed."
            )
            return await self._refused(invocation, Refused(Refusal.BAD_REQUEST, sentence))
        return await self._run(command, replace(invocation, text=rest.strip()))

    async def _called(self, verb: str, invocation: Invocation) -> Answer:
        command = self._by_verb.get(verb)
        if command is None or not command.typed:
            sentence = "This command was not made by this version of Twokey. Nothing was changed."
            return await self._refused(invocation, Refused(Refusal.TAMPERED, sentence))
        return await self._run(command, invocation)

    async def _pressed(self, verb: str, invocation: Invocation) -> Answer:
        command = self._by_verb.get(verb)
        if command is None or command.typed:
            sentence = "This button was not made by this version of Twokey. Nothing was changed."
            return await self._refused(invocation, Refused(Refusal.TAMPERED, sentence))
        return await self._run(command, invocation)

    async def _run(self, command: Command, invocation: Invocation) -> Answer:
        try:
            with self._engine.foreground.working():
                return await command.handle(self._engine, invocation)
        except Refused as refused:
            if not refused.is_recorded:
                return await self._refused(invocation, refused)
            return await self._say(refused, invocation.place)
        except TwokeyError as error:
            return _sentence(error)

    async def _refused(self, invocation: Invocation, refused: Refused) -> Answer:
        try:
            await refuse(self._engine, invocation, refused)
        except TwokeyError as error:
            return _sentence(error)
        return await self._say(refused, invocation.place)

    async def _say(self, refused: Refused, near: Place) -> Answer:
        blocks: list[Block] = [Line((str(refused),))]
        if isinstance(refused, WrongChannel):
            blocks.append(Line(("Its channel: ", ChannelMention(refused.place))))
        url = await self._link_to(refused.rollback_id, near) if refused.rollback_id else None
        if url is not None:
            blocks.append(Line((Link(url, "Open it"),)))
        return Answer(Message(str(refused), tuple(blocks)))


def _sentence(error: TwokeyError) -> Answer:
    """Say what the store or the platform could not do; nobody has to guess what was recorded."""
    log.error("%s: %s", type(error).__name__, error)
    return Answer(Message(str(error), (Line((str(error),)),)))
