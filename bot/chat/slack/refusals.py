"""What each of Slack's error codes means, and what is done about it: docs/slack.md has the table.

A code that stands nowhere here is treated as something that people have to mend: it is tried
again, less and less often, and says in the log which code it was.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, cast

from bot.chat.slack.blocks import Json
from bot.domain.errors import TwokeyError
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Remedy

_BUSY_SECONDS: Final = 30.0
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500


class Fault(Enum):
    """What is the matter where no remedy of ours helps."""

    BUSY = "busy"  # nothing was shown: wait as long as Slack says
    SLACK = "slack"  # Slack stumbled: it may have been shown, so it is looked for first
    TOKEN = "token"  # noqa: S105 - nothing is shown until somebody installs the app again


_INVITE: Final = "Twokey is not in the channel {where}: type /invite @Twokey there."
_ARCHIVED: Final = "The channel {where} is archived: unarchive it or name another in twokey.yaml."
_RESTRICTED: Final = "This Slack team lets only some people post in {where}: allow Twokey to."
_NO_MESSAGES: Final = (
    "{where} can't get direct messages: correct the account under people: in twokey.yaml."
)
_UNFORMED: Final = "Slack does not take the form or the length of this message ({code})."
_UNCHANGING: Final = "The message in {where} can't be changed any more ({code})."
_THREADLESS: Final = "The message in {where} that the thread hung on is gone ({code})."
_OTHER: Final = "Slack refused: {code}."

Meaning = tuple[Fault | Remedy, str]


def _mean(what: Fault | Remedy, sentence: str, *codes: str) -> dict[str, Meaning]:
    return dict.fromkeys(codes, (what, sentence))


MEANINGS: Final[Mapping[str, Meaning]] = {
    **_mean(Fault.BUSY, "", "ratelimited", "rate_limited", "message_limit_exceeded"),
    **_mean(Fault.SLACK, "", "fatal_error", "internal_error", "request_timeout"),
    **_mean(Fault.SLACK, "", "service_unavailable", "team_added_to_org"),
    **_mean(Fault.TOKEN, "", "account_inactive", "invalid_auth", "not_authed", "missing_scope"),
    **_mean(Fault.TOKEN, "", "no_permission", "not_allowed_token_type", "org_login_required"),
    **_mean(Fault.TOKEN, "", "team_access_not_granted", "token_expired", "token_revoked"),
    **_mean(Remedy.LATER, _INVITE, "channel_not_found", "not_in_channel"),
    **_mean(Remedy.LATER, _ARCHIVED, "is_archived", "is_inactive"),
    **_mean(Remedy.LATER, _RESTRICTED, "restricted_action", "restricted_action_read_only_channel"),
    **_mean(Remedy.ANEW, _UNCHANGING, "cant_update_message", "edit_window_closed"),
    **_mean(Remedy.ANEW, _UNCHANGING, "message_not_found"),
    **_mean(Remedy.NEW_THREAD, _THREADLESS, "thread_not_found", "cannot_reply_to_message"),
    **_mean(Remedy.PLAINER, _UNFORMED, "msg_too_long", "msg_blocks_too_long", "no_text"),
    **_mean(Remedy.PLAINER, _UNFORMED, "invalid_blocks", "invalid_blocks_format"),
    **_mean(Remedy.NONE, _NO_MESSAGES, "cannot_dm_bot", "user_disabled", "user_not_found"),
    **_mean(Remedy.NONE, _NO_MESSAGES, "user_not_visible", "users_not_found"),
    **_mean(Remedy.NONE, "{where} does not see what is posted there.", "user_not_in_channel"),
}


def meaning(response: Any, *, where: str, setting: str) -> TwokeyError:  # noqa: ANN401 - the SDK says so
    """Say what a failed call means; a body that is no JSON leaves the client's own response."""
    data = getattr(response, "data", None)
    code = str(cast("Json", data).get("error", "")) if isinstance(data, dict) else ""
    status = getattr(response, "status_code", getattr(response, "status", _SERVER_ERROR))
    fault, sentence = MEANINGS.get(code, (Remedy.LATER, _OTHER))
    if status == _TOO_MANY or fault is Fault.BUSY:
        wait = str(response.headers.get("Retry-After", ""))
        seconds = float(wait) if wait.isdigit() else _BUSY_SECONDS
        return ChatBusy(f"Slack asks us to wait {seconds:.0f} s.", seconds=seconds)
    if status >= _SERVER_ERROR or not code or fault is Fault.SLACK:
        return ChatUnreachable(f"Slack failed to answer ({code or status}).")
    if isinstance(fault, Remedy):
        return ChatRefused(sentence.format(where=where or "there", code=code[:80]), remedy=fault)
    return ChatUnreachable(
        f"Slack does not accept {setting} ({code}): install the app again with manifest.yml, "
        "and set the token that it then shows."
    )
