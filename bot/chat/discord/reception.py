"""Takes what Discord delivers to the desk: commit first, then answer, within three seconds."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from bot.chat.answers import BROKEN, SAVED, STILL_SAVING, no_form, tell_directly
from bot.chat.cut import units
from bot.chat.deliveries import Deliveries
from bot.chat.discord.client import DiscordChat
from bot.chat.discord.components import IS_COMPONENTS, IS_PRIVATE, NOBODY, Json, render
from bot.chat.discord.dialogs import render_dialog
from bot.chat.discord.discreet import log
from bot.chat.discord.guild import Guild
from bot.chat.discord.payloads import Call, Kind, TurnedAway, read
from bot.chat.discord.refusals import Already
from bot.chat.discreet import log_without_words
from bot.domain.errors import TwokeyError
from bot.domain.target import Place
from bot.faultpoints import FaultPoint, reached
from bot.invocation import Answer, Desk
from bot.message import Message

# What the first answer to an interaction can be, by Discord's numbers.
_MESSAGE, _LATER, _NOTHING, _SUGGESTIONS, _MODAL = 4, 5, 6, 8, 9
_MOST_SUGGESTIONS: Final = 25
_LONGEST_SUGGESTION: Final = 100
_SUGGESTING_SECONDS: Final = 2.0


class Reception(Deliveries):
    """Answers every delivery in time, whatever the desk does."""

    def __init__(
        self,
        guild: Guild,
        chat: DiscordChat,
        desk: Desk,
        *,
        patience: float,
        receives: Callable[[], bool] = lambda: True,
    ) -> None:
        """Wait ``patience`` seconds for the desk before answering without its answer.

        ``receives``: Discord tells every connection everything, and it is up to us to answer.
        """
        super().__init__(log)
        self._receives = receives
        self._guild = guild
        self._chat = chat
        self._desk = desk
        self._patience = patience

    def take(self, body: Json) -> None:
        """Answer a delivery, beside all others; another process answers it if we stand by."""
        if self._receives():
            self._spawn(self._serve(body))

    async def _serve(self, body: Json) -> None:
        try:
            call = read(body, guild=self._guild.id, application=self._guild.application)
        except TurnedAway as refusal:
            self.turned_away[str(refusal)] += 1
            log.warning("A delivery was turned away: %s", refusal)
            await self._turn_away(body, str(refusal))
            return
        reached(FaultPoint.DELIVERY_RECEIVED)
        if call.kind is Kind.SUGGESTION:
            await self._suggest(call)
            return
        asking = self._spawn(self._ask(call))
        done, _ = await asyncio.wait({asking}, timeout=self._patience)
        reached(FaultPoint.ANSWER_READY)
        if done:
            await self._answer(call, asking.result())
        else:
            await self._answer_late(call, asking)

    async def _ask(self, call: Call) -> Answer:
        try:
            if call.kind is Kind.COMMAND:
                return await self._desk.called(call.verb, call.invocation)
            return await self._desk.pressed(call.verb, call.invocation)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person is told
            log_without_words(log, "A delivery failed", error)
            return Answer(BROKEN)

    async def _answer(self, call: Call, answer: Answer) -> None:
        """Answer with the form if there is one, which must come first; or with the words."""
        rest = answer.message
        if answer.dialog is not None:
            try:
                await self._respond(call, _MODAL, render_dialog(answer.dialog))
            except (TwokeyError, ValueError) as error:
                log.warning("A form did not open: %s", error)
                admitted = no_form("Discord", answer)
                if not await self._first(call, admitted):
                    await self._tell(call, admitted)
        elif rest is not None:
            rest = None if await self._first(call, rest) else rest
        elif call.invocation.message:
            await self._attempt(self._respond(call, _NOTHING))
        else:
            await self._vanish(call)
        reached(FaultPoint.ANSWER_SENT)
        if rest is not None:
            await self._tell(call, rest)

    async def _answer_late(self, call: Call, asking: asyncio.Task[Answer]) -> None:
        """Say that it takes longer, and put the outcome in the place of that."""
        is_told, said = True, {"type": _MESSAGE, "data": _private(STILL_SAVING)}
        try:
            await self._callback(call.id, call.token, said)
        except Already:
            await asking  # whoever was faster says how it ended, and that is theirs to change
            return
        except TwokeyError as error:
            log.warning("That it takes longer did not get through: %s", error)
            is_told = False
        reached(FaultPoint.ANSWER_SENT)
        answer = await asking
        admitted = no_form("Discord", answer) if answer.dialog else SAVED
        if answer.dialog and answer.message:
            await self._tell(call, admitted)
        outcome = answer.message or admitted
        if is_told and await self._attempt(self._amend(call, outcome)):
            return
        await self._tell(call, outcome)

    async def _first(self, call: Call, message: Message) -> bool:
        """Answer with a message that only this person sees; tell whether they can see it."""
        return await self._attempt(self._respond(call, _MESSAGE, _private(message)))

    async def _vanish(self, call: Call) -> None:
        """Answer a command about which there is nothing to say, so that nothing is seen."""
        if await self._attempt(self._respond(call, _LATER, {"flags": IS_PRIVATE})):
            await self._attempt(
                self._guild.call(
                    "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original",
                    webhook_id=self._guild.application,
                    webhook_token=call.token,
                )
            )

    async def _suggest(self, call: Call) -> None:
        """Say what could be filled in; nothing, if that takes long or goes wrong."""
        suggestions: tuple[str, ...] = ()
        try:
            async with asyncio.timeout(_SUGGESTING_SECONDS):
                suggestions = await self._desk.suggested(call.verb, call.option, call.invocation)
        except Exception as error:  # noqa: BLE001 - whoever types needs no suggestion
            log_without_words(log, "A delivery failed", error)
        # Half a suggestion would be filled in as if it were whole.
        fitting = [one for one in suggestions if 0 < units(one) <= _LONGEST_SUGGESTION]
        choices = [{"name": one, "value": one} for one in fitting[:_MOST_SUGGESTIONS]]
        await self._attempt(self._respond(call, _SUGGESTIONS, {"choices": choices}))

    async def _turn_away(self, body: Json, sentence: str) -> None:
        """Tell whoever caused it why, if what came can be answered at all."""
        match body:
            case {"type": 2 | 3 | 5, "id": str(id_), "token": str(token)} if id_.isdecimal():
                data = _private(Message(sentence))
                await self._attempt(self._callback(id_, token, {"type": _MESSAGE, "data": data}))
            case {"type": 4, "id": str(id_), "token": str(token)} if id_.isdecimal():
                nothing: Json = {"type": _SUGGESTIONS, "data": {"choices": []}}
                await self._attempt(self._callback(id_, token, nothing))
            case _:
                pass

    async def _respond(self, call: Call, kind: int, data: Json | None = None) -> None:
        """Give the first answer; it may have been given, by an earlier try or by another bot."""
        body: Json = {"type": kind} | ({"data": data} if data is not None else {})
        with suppress(Already):
            await self._callback(call.id, call.token, body)

    async def _callback(self, id_: str, token: str, body: Json) -> None:
        await self._guild.call(
            "POST /interactions/{webhook_id}/{webhook_token}/callback",
            where="this interaction",
            webhook_id=id_,
            webhook_token=token,
            json=body,
        )

    async def _amend(self, call: Call, message: Message) -> None:
        """Replace the first answer."""
        private = _private(message)
        await self._guild.call(
            "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original",
            where="this interaction",
            webhook_id=self._guild.application,
            webhook_token=call.token,
            json=private | {"flags": IS_COMPONENTS},
        )

    async def _follow(self, call: Call, message: Message) -> None:
        """Add another answer that only this person sees."""
        await self._guild.call(
            "POST /webhooks/{webhook_id}/{webhook_token}",
            where="this interaction",
            webhook_id=self._guild.application,
            webhook_token=call.token,
            json=_private(message),
        )

    async def _tell(self, call: Call, message: Message) -> None:
        """Tell the person privately, where they are; where that is impossible, directly."""
        if not await self._attempt(self._follow(call, message)):
            await tell_directly(self._chat, Place.direct(call.invocation.account), message)

    async def _attempt(self, answering: Coroutine[Any, Any, object]) -> bool:
        """Tell whether an answer got through; the next way is tried if not."""
        try:
            await answering
        except TwokeyError as error:
            log.warning("A private answer did not get through: %s", error)
            return False
        return True


def _private(message: Message) -> Json:
    _, components = render(message)
    flags = IS_COMPONENTS | IS_PRIVATE
    return {"components": components, "flags": flags, "allowed_mentions": NOBODY}
