"""Takes what Slack delivers to the desk: commit first, then acknowledge, then everything else."""

import asyncio
from typing import Final

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.chat.answers import BROKEN, SAVED, STILL_SAVING, no_form, tell_directly
from bot.chat.deliveries import Deliveries
from bot.chat.discreet import log_without_words
from bot.chat.slack.blocks import Json, render
from bot.chat.slack.client import UNREAD, SlackChat
from bot.chat.slack.dialogs import render_dialog
from bot.chat.slack.payloads import (
    Call,
    Reader,
    TurnedAway,
    read_click,
    read_command,
    read_form,
)
from bot.chat.slack.team import Team, log
from bot.domain.errors import TwokeyError
from bot.domain.target import Place
from bot.faultpoints import FaultPoint, reached
from bot.invocation import Answer, Desk
from bot.message import Message

_PRIVATELY: Final = {"response_type": "ephemeral", "replace_original": False}


class Reception(Deliveries):
    """Answers every delivery in time, whatever the desk does."""

    def __init__(self, team: Team, desk: Desk, *, patience: float) -> None:
        """Wait ``patience`` seconds for the desk before acknowledging without its answer."""
        super().__init__(log)
        self.app = team.app  # perhaps known from the connection only; until then nothing is taken
        self._team = team
        self._desk = desk
        self._patience = patience

    async def command(self, ack: AsyncAck, body: Json) -> None:
        """Answer a slash command; its acknowledgement holds the answer."""
        await self._serve(ack, body, read_command)

    async def click(self, ack: AsyncAck, body: Json) -> None:
        """Answer a click."""
        await self._serve(ack, body, read_click)

    async def form(self, ack: AsyncAck, body: Json) -> None:
        """Answer a dialog that was sent off, which closes it."""
        await self._serve(ack, body, read_form)

    async def _serve(self, ack: AsyncAck, body: Json, read: Reader) -> None:
        try:
            call = read(body, team=self._team.id, app=self.app)
        except TurnedAway as refusal:
            self.turned_away[str(refusal)] += 1
            log.warning("A delivery was turned away: %s", refusal)
            await ack(str(refusal)) if read is read_command else await ack()
            if read is read_click and isinstance(address := body.get("response_url"), str):
                self._spawn(self._team.respond(address, _PRIVATELY | {"text": str(refusal)}))
            return
        reached(FaultPoint.DELIVERY_RECEIVED)
        asking = self._spawn(self._ask(call))
        done, _ = await asyncio.wait({asking}, timeout=self._patience)
        first = asking.result().message if done else STILL_SAVING
        reached(FaultPoint.ANSWER_READY)
        if call.verb is None and first is not None:
            await ack(_PRIVATELY | _shown(first))
            first = None
        else:
            await ack()
        reached(FaultPoint.ANSWER_SENT)
        self._spawn(self._follow(call, asking, first, is_late=not done))

    async def _ask(self, call: Call) -> Answer:
        try:
            if call.verb is None:
                return await self._desk.typed(call.invocation)
            return await self._desk.pressed(call.verb, call.invocation)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person is told
            log_without_words(log, "A delivery failed", error)
            return Answer(BROKEN)

    async def _follow(
        self, call: Call, asking: asyncio.Task[Answer], first: Message | None, *, is_late: bool
    ) -> None:
        """Do what comes after the acknowledgement; ``first`` is what it could not hold."""
        if not is_late:
            answer = asking.result()
            await self._open(call, answer)
            await self._tell(call, first)
            return
        await self._tell(call, first, is_worth_repeating=False)
        answer = await asking
        await self._open(call, answer)
        await self._tell(call, answer.message or (None if answer.dialog else SAVED))

    async def _open(self, call: Call, answer: Answer) -> None:
        if answer.dialog is None:
            return
        channel, message = call.invocation.place.channel, call.invocation.message
        view = render_dialog(answer.dialog, channel=channel, message=message, thread=call.thread)
        try:
            await self._team.call("views.open", trigger_id=call.trigger, view=view)
        except TwokeyError as error:
            log.warning("A form did not open: %s", error)
            await self._tell(call, no_form("Slack", answer))

    async def _tell(
        self, call: Call, message: Message | None, *, is_worth_repeating: bool = True
    ) -> None:
        """Tell the person privately, where they are; where that is impossible, directly."""
        if message is None:
            return
        user, shown = call.invocation.account.user, _shown(message)
        threaded = {**shown, "thread_ts": call.thread} if call.thread else shown
        try:
            if call.address is not None:
                await self._team.respond(call.address, _PRIVATELY | threaded)
            else:
                channel = call.invocation.place.channel
                await self._team.call(
                    "chat.postEphemeral", channel=channel, user=user, **threaded, **UNREAD
                )
        except TwokeyError as error:
            log.warning("A private answer did not reach %s where they are: %s", user, error)
            if is_worth_repeating:
                place = Place.direct(call.invocation.account)
                await tell_directly(SlackChat(self._team), place, message)


def _shown(message: Message) -> Json:
    text, blocks = render(message)
    return {"text": text, "blocks": blocks}
