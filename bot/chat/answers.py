"""What people are told when the desk's own answer is late, lost or missing; on every platform."""

import asyncio
import logging
import secrets
from typing import Final

from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Message
from bot.ports import Chat, ChatBusy, ChatRefused, ChatUnreachable

log = logging.getLogger("twokey.chat")

# After the last one it is given up: a quarter of an hour later, the card says more.
_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, *[60.0] * 14)

STILL_SAVING: Final = Message("Still saving; nothing is recorded yet. The outcome follows here.")
SAVED: Final = Message("It is saved.")
BROKEN: Final = Message(
    "Something went wrong on our side; it is not known whether this was recorded. Look at the "
    "card, or do it again: doing it twice counts once."
)


def no_form(platform: str, answer: Answer) -> Message:
    """Say that the form of this answer did not open in time, and what to do."""
    if answer.message is not None:  # it is decided, and to decide again would be refused
        return Message(
            "It is recorded; only the form for the reason did not open. Say the reason in the "
            "thread."
        )
    return Message(
        f"The form did not open within the three seconds that {platform} gives it. "
        "Do the same again to open it."
    )


async def tell_directly(chat: Chat, place: Place, message: Message) -> None:
    """Write to the person until they have it, once: how their decision ended is theirs."""
    key, was_tried = secrets.token_hex(8), False
    for pause in _PAUSES:
        try:
            if was_tried and (there := await chat.find(place, thread=None, key=key)):
                await chat.edit(there, message)  # what is there may be only its first sentence
                return
            was_tried = True
            await chat.post(place, message, thread=None, key=key)
        except (ChatBusy, ChatUnreachable) as error:
            log.warning("A private answer did not reach %s: %s", place, error)
            await asyncio.sleep(max(pause, getattr(error, "seconds", 0.0)))
        except ChatRefused as error:
            log.error("A private answer can't reach %s: %s", place, error)  # noqa: TRY400
            return
        else:
            return
    log.error("A private answer never reached %s; the card says what is recorded.", place)
