"""What each of Discord's error codes means, and what is done about it: docs/discord.md has them.

A code that stands nowhere here is treated as something that people have to mend: it is tried
again, less and less often, and says in the log which code it was.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from bot.domain.errors import TwokeyError
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Remedy

UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
ARCHIVED: Final = 50083
ANSWERED: Final = 40060

_BUSY_SECONDS: Final = 30.0
_SECONDS: Final = re.compile(r"\d{1,6}(\.\d+)?")
_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class Fault(Enum):
    """What is the matter where no remedy of ours helps."""

    BUSY = "busy"  # nothing was shown: wait as long as Discord says
    DISCORD = "discord"  # Discord stumbled: it may have been shown, so it is looked for first
    TOKEN = "token"  # noqa: S105 - nothing is shown until somebody sets another one
    ALREADY = "already"  # what was asked for is so, perhaps by an earlier try


class DiscordRefused(ChatRefused):
    """A refusal with Discord's own code, for those who know a better way."""

    def __init__(self, sentence: str, *, remedy: Remedy, code: int) -> None:
        """Keep the code."""
        super().__init__(sentence, remedy=remedy)
        self.code = code


class TokenRefused(ChatUnreachable):
    """Discord does not accept the token: nothing is shown until there is another one."""


class Already(TwokeyError):
    """Discord says that it is so already."""


_UNSEEN: Final = (
    "Twokey can't see or use {where} ({code}): give it the permissions of docs/discord.md there, "
    "or name another channel in twokey.yaml."
)
_ABSENT: Final = "Twokey is not in the Discord server {where} ({code}): invite it by its link."
_CLOSED: Final = "The thread in {where} is archived or locked ({code}): open it again."
_CROWDED: Final = "{where} has too many open threads ({code}): archive some of them."
_MODERATED: Final = "The moderation of this server holds back what Twokey says ({code}): exempt it."
_UNCHANGING: Final = "The message in {where} can't be changed any more ({code})."
_UNFORMED: Final = "Discord does not take the form or the length of this message ({code})."
_NO_MESSAGES: Final = (
    "{where} can't get direct messages ({code}): they block them or have left; or correct the "
    "account under people: in twokey.yaml."
)
_ANSWERED: Final = "Discord takes no more answers to this click or command ({code})."
_OTHER: Final = "Discord refused: {code}."

Meaning = tuple[Fault | Remedy, str]


def _mean(what: Fault | Remedy, sentence: str, *codes: int) -> dict[int, Meaning]:
    return dict.fromkeys(codes, (what, sentence))


MEANINGS: Final[Mapping[int, Meaning]] = {
    **_mean(Fault.BUSY, "", 20016, 20028, 20029),
    **_mean(Fault.DISCORD, "", 130000),
    **_mean(Fault.TOKEN, "", 40001, 40002, 50014),
    **_mean(Fault.ALREADY, "", ANSWERED, 160004),
    **_mean(Remedy.LATER, _UNSEEN, UNKNOWN_CHANNEL, 50001, 50008, 50013, 50024),
    **_mean(Remedy.LATER, _ABSENT, 10004, 50055),
    **_mean(Remedy.LATER, _CLOSED, ARCHIVED, 160005),
    **_mean(Remedy.LATER, _CROWDED, 160006),
    **_mean(Remedy.LATER, _MODERATED, 200000, 200001),
    **_mean(Remedy.ANEW, _UNCHANGING, UNKNOWN_MESSAGE, 30046, 50005, 50021),
    **_mean(Remedy.PLAINER, _UNFORMED, 40005, 50006, 50035, 50109),
    **_mean(Remedy.NONE, _NO_MESSAGES, 10007, 10013, 50007, 50033, 50278),
    **_mean(Remedy.NONE, _ANSWERED, 10015, 10062, 40094, 50027),
}


def meaning(*, status: int, code: int, where: str, retry_after: str = "") -> TwokeyError:
    """Say what a failed call means; ``where`` names the place in the sentence."""
    fault, sentence = MEANINGS.get(code, (Remedy.LATER, _OTHER))
    known = code in MEANINGS and code != 0
    if fault is Fault.BUSY or (status == _TOO_MANY and not known):
        return busy(float(retry_after) if _SECONDS.fullmatch(retry_after) else _BUSY_SECONDS)
    if status >= _SERVER_ERROR or fault is Fault.DISCORD:
        return ChatUnreachable(f"Discord failed to answer ({code or status}).")
    # A call with a token of its own, such as an answer's, is refused with this status as well.
    if fault is Fault.TOKEN or (status == _UNAUTHORIZED and code == 0):
        return TokenRefused(
            f"Discord does not accept DISCORD_BOT_TOKEN ({code or status}): reset it on the page "
            "Bot of the Developer Portal, and set the token that it then shows."
        )
    said = sentence.format(where=where or "there", code=code or status)
    if isinstance(fault, Remedy):
        return DiscordRefused(said, remedy=fault, code=code)
    return Already(f"It is so already ({code}).")


def busy(seconds: float) -> ChatBusy:
    """Say that Discord wants us to wait."""
    return ChatBusy(f"Discord asks us to wait {seconds:.0f} s.", seconds=seconds)
