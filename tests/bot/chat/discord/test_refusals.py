"""Each of Discord's error codes is met in the way that its meaning asks for."""

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import web

from bot.chat.discord.client import DiscordChat
from bot.chat.discord.guild import DiscordSettings, opened
from bot.chat.discord.refusals import MEANINGS, Fault
from bot.domain.target import Place
from bot.message import Line, Message
from bot.ports import ChatBusy, ChatRefused, ChatUnreachable, Reference, Remedy
from bot.workspace.discord.refusals import TEXTS
from tests.bot.chat.discord.answering import Odd, refused
from tests.bot.chat.discord.conftest import DEPLOYS, SHOP, Clock

HERE = Place("discord", SHOP, DEPLOYS)
ASKED = Message("Asked.", (Line(("Asked",)),))
NOW = "1576323963171110912"
DOCUMENT = Path(__file__).parents[4] / "docs" / "discord.md"


def chat_of(odd: Odd) -> DiscordChat:
    """A chat on the day on which the messages here were made."""
    guild, _ = odd
    return DiscordChat(guild, now=lambda: 1_795_800_000.0 + 95_719)


@pytest.mark.parametrize(
    ("code", "status", "remedy"),
    [
        (10003, 404, Remedy.ANEW),
        (10004, 404, Remedy.LATER),
        (50001, 403, Remedy.LATER),
        (50013, 403, Remedy.LATER),
        (160005, 400, Remedy.LATER),
        (160006, 400, Remedy.LATER),
        (200000, 400, Remedy.LATER),
        (10008, 404, Remedy.ANEW),
        (30046, 429, Remedy.ANEW),
        (50005, 403, Remedy.ANEW),
        (50035, 400, Remedy.PLAINER),
        (50006, 400, Remedy.PLAINER),
        (50007, 403, Remedy.NONE),
        (10013, 404, Remedy.NONE),
        (10015, 404, Remedy.NONE),
        (10062, 404, Remedy.NONE),
        (50027, 401, Remedy.NONE),
        (99999, 401, Remedy.LATER),
        (99999, 400, Remedy.LATER),
        (0, 404, Remedy.LATER),
    ],
)
async def test_a_refusal_knows_its_remedy(odd: Odd, code: int, status: int, remedy: Remedy) -> None:
    """What was refused was not shown, and it is known what can still help."""
    odd[1]["PATCH messages"] = refused(code, status)

    with pytest.raises(ChatRefused) as refusal:
        await chat_of(odd).edit(Reference(HERE, NOW), ASKED)

    assert refusal.value.remedy is remedy
    assert str(code or status) in str(refusal.value)


async def test_a_channel_that_is_gone_is_for_people_to_mend(odd: Odd) -> None:
    """What stood in it is posted anew, and waits until there is a channel."""
    odd[1]["POST messages"] = refused(10003, 404)

    with pytest.raises(ChatRefused) as refusal:
        await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")

    assert refusal.value.remedy is Remedy.LATER


@pytest.mark.parametrize(("code", "status"), [(0, 401), (40001, 401), (50014, 401), (40002, 403)])
async def test_a_token_that_is_not_accepted_is_named(odd: Odd, code: int, status: int) -> None:
    """Nothing is dropped for it: the log says which token, why, and what to do."""
    odd[1]["POST messages"] = refused(code, status)

    with pytest.raises(ChatUnreachable, match="does not accept DISCORD_BOT_TOKEN"):
        await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")


async def test_a_token_that_is_wrong_from_the_start_can_be_mended(odd: Odd) -> None:
    """A sign-in that failed is tried again with the next call."""
    good = odd[1]["GET @me"]
    odd[1]["GET @me"] = refused(0, 401)
    odd[1]["POST messages"] = lambda: web.json_response({"id": NOW})
    chat = chat_of(odd)

    with pytest.raises(ChatUnreachable, match="DISCORD_BOT_TOKEN"):
        await chat.post(HERE, ASKED, thread=None, key="notice")
    odd[1]["GET @me"] = good

    assert (await chat.post(HERE, ASKED, thread=None, key="notice")).message == NOW


async def test_discord_asks_to_wait(odd: Odd) -> None:
    """A time that is longer than our patience is handed on, and nothing is sent meanwhile."""
    wait = {"message": "Wait.", "retry_after": 47.5, "global": False}
    odd[1]["POST messages"] = lambda: web.json_response(
        wait, status=429, headers={"Via": "1.1 google"}
    )

    with pytest.raises(ChatBusy) as busy:
        await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")

    assert busy.value.seconds == 47.5


async def test_a_short_wait_is_waited(odd: Odd) -> None:
    """A pace that Discord asks for is kept without telling anybody."""
    answers = [
        web.json_response(
            {"message": "Wait.", "retry_after": 0.05, "global": False},
            status=429,
            headers={"Via": "1.1 google"},
        ),
        web.json_response({"id": NOW}),
    ]
    odd[1]["POST messages"] = lambda: answers.pop(0)

    posted = await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")

    assert (posted.message, answers) == (NOW, [])


@pytest.mark.parametrize(("wait", "seconds"), [({"Retry-After": "12"}, 12), ({}, 30)])
async def test_whoever_is_kept_out_before_discord_waits_as_well(
    odd: Odd, wait: dict[str, str], seconds: float
) -> None:
    """Cloudflare answers without the words of Discord."""
    odd[1]["POST messages"] = lambda: web.Response(text="1015", status=429, headers=wait)

    with pytest.raises(ChatBusy) as busy:
        await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")

    assert busy.value.seconds == seconds


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=503),
        lambda: web.json_response({"code": 130000, "message": "Overloaded."}, status=503),
        lambda: web.Response(text="<h1>Gateway</h1>", content_type="text/html"),
        lambda: web.Response(text="blocked by the proxy"),
        lambda: web.Response(text="{", content_type="application/json"),
        lambda: web.json_response([]),
        lambda: web.json_response({"no": "id"}),
        lambda: web.json_response({"message": "Wait."}, status=429, headers={"Via": "1.1 x"}),
    ],
)
async def test_an_answer_that_says_nothing_leaves_it_open(odd: Odd, answer: object) -> None:
    """Whatever does not prove a refusal may have posted the message, and is tried again."""
    odd[1]["POST messages"] = answer  # type: ignore[assignment]

    with pytest.raises(ChatUnreachable):
        await chat_of(odd).post(HERE, ASKED, thread=None, key="notice")


async def test_nobody_listens() -> None:
    """A connection that is refused leaves it open as well."""
    nobody = DiscordSettings(SHOP, "fake.token.x", "http://127.0.0.1:9/api/v10")

    async with opened(nobody) as guild:
        with pytest.raises(ChatUnreachable, match="did not answer"):
            await DiscordChat(guild, now=Clock()).post(HERE, ASKED, thread=None, key="notice")


async def test_what_never_answers_is_given_up(odd: Odd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that hangs ends, so that others are tried."""
    monkeypatch.setattr("bot.chat.discord.guild._SECONDS", 0.05)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    guild, _ = odd
    await guild.sign_in()
    monkeypatch.setattr("discord.http.Route.BASE", f"http://127.0.0.1:{port}/api/v10")

    async with server:
        with pytest.raises(ChatUnreachable, match="did not answer"):
            await DiscordChat(guild, now=Clock()).post(HERE, ASKED, thread=None, key="notice")


def test_the_local_discord_knows_the_same_codes() -> None:
    """What it refuses with has a meaning here."""
    # Commands are not registered by the running bot, and the last one is our own bad JSON.

    assert set(TEXTS) - set(MEANINGS) == {10002, 30034}


def test_the_document_has_the_whole_table() -> None:
    """Every code with a meaning stands in docs/discord.md, in the row of its meaning."""
    rows = dict[int, Fault | Remedy]()
    for line in DOCUMENT.read_text().splitlines():
        if match := re.match(r"\| (`[0-9`, ]+`) \|.*\| \*(\w+)\*", line):
            what = {one.name.lower(): one for one in (*Fault, *Remedy)}[match[2]]
            rows |= dict.fromkeys(map(int, re.findall(r"`([0-9]+)`", match[1])), what)

    assert rows == {code: what for code, (what, _) in MEANINGS.items()}
