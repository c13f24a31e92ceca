"""Each of Slack's error codes is met in the way that its meaning asks for."""

import re
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat.slack.client import SlackChat
from bot.chat.slack.refusals import MEANINGS, Fault
from bot.domain.target import Place
from bot.message import Line, Message
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Reference, Remedy
from tests.bot.chat.slack.test_client import Odd

DEPLOYS = Place("slack", "T00TWOKEY", "C00DEPLOYS")
ASKED = Message("Asked.", (Line(("Asked",)),))
DOCUMENT = Path(__file__).parents[4] / "docs" / "slack.md"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("edit_window_closed", Remedy.ANEW),
        ("message_not_found", Remedy.ANEW),
        ("cant_update_message", Remedy.ANEW),
        ("channel_not_found", Remedy.LATER),
        ("is_archived", Remedy.LATER),
        ("not_in_channel", Remedy.LATER),
        ("restricted_action", Remedy.LATER),
        ("thread_not_found", Remedy.NEW_THREAD),
        ("msg_too_long", Remedy.PLAINER),
        ("invalid_blocks", Remedy.PLAINER),
        ("user_disabled", Remedy.NONE),
        ("a_code_of_tomorrow", Remedy.LATER),
    ],
)
async def test_a_refusal_knows_its_remedy(odd_team: Odd, code: str, remedy: Remedy) -> None:
    """What was refused was not shown, and it is known what can still help."""
    team, answers = odd_team
    answers["chat.update"] = lambda: web.json_response({"ok": False, "error": code})

    with pytest.raises(ChatRefused) as refusal:
        await SlackChat(team).edit(Reference(DEPLOYS, "1.000001"), ASKED)

    assert refusal.value.remedy is remedy


@pytest.mark.parametrize(
    "code",
    [
        *("account_inactive", "token_revoked", "invalid_auth", "missing_scope"),
        *("team_access_not_granted", "token_expired", "not_authed"),
    ],
)
async def test_a_token_that_is_not_accepted_is_named(odd_team: Odd, code: str) -> None:
    """Nothing is dropped for it: the log says which token, why, and what to do."""
    team, answers = odd_team
    answers["chat.postMessage"] = lambda: web.json_response({"ok": False, "error": code})

    with pytest.raises(ChatUnreachable, match=rf"SLACK_BOT_TOKEN \({code}\): install the app"):
        await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")


@pytest.mark.parametrize(
    "code", ["fatal_error", "internal_error", "request_timeout", "service_unavailable"]
)
async def test_a_stumble_of_slack_leaves_it_open(odd_team: Odd, code: str) -> None:
    """Slack may have posted it before it stumbled, so nobody says that it was refused."""
    team, answers = odd_team
    answers["chat.postMessage"] = lambda: web.json_response({"ok": False, "error": code})

    with pytest.raises(ChatUnreachable):
        await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")


@pytest.mark.parametrize("code", ["ratelimited", "rate_limited"])
async def test_busy_may_also_be_said_in_the_body(odd_team: Odd, code: str) -> None:
    """With status 200 and no time named, half a minute is waited."""
    team, answers = odd_team
    answers["chat.postMessage"] = lambda: web.json_response({"ok": False, "error": code})

    with pytest.raises(ChatBusy) as busy:
        await SlackChat(team).post(DEPLOYS, ASKED, thread=None, key="notice")

    assert busy.value.seconds == 30


def test_the_document_has_the_whole_table() -> None:
    """Every code with a meaning stands in docs/slack.md, in the row of its meaning."""
    rows = dict[str, Fault | Remedy]()
    for line in DOCUMENT.read_text().splitlines():
        if match := re.match(r"\| (`[a-z_`, ]+`) \|.*\| \*(\w+)\*", line):
            what = {one.name.lower(): one for one in (*Fault, *Remedy)}[match[2]]
            rows |= dict.fromkeys(re.findall(r"`([a-z_]+)`", match[1]), what)

    assert rows == {code: what for code, (what, _) in MEANINGS.items()}
