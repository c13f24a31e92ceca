"""Installing by a link: who may, in which browser, how often, and what is kept of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.chat.slack.http import EVENTS, SlackRequests
from bot.chat.slack.installations import Installations
from bot.chat.slack.oauth import INSTALL, REDIRECT, SCOPES, OAuthSettings, SlackOAuth
from bot.chat.slack.seal import Installation, Seal
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.chat.slack.teams import Teams
from bot.domain.errors import TwokeyError
from bot.domain.people import Account, Membership
from bot.domain.target import Place
from bot.listener import Listener
from bot.message import Message
from bot.ports import ChatUnreachable
from bot.storage.store import SqlStore
from tests.bot.chat.slack.conftest import FakeDesk
from tests.bot.chat.slack.door import Door, command
from tests.bot.chat.slack.giver import HOME, FakeSlack
from tests.bot.chat.slack.test_signature import NOW
from tests.bot.storage.samples import KEY, ManualClock
from tests.bot.storage.samples import query as rows

OTHER, STRANGER = "T0OTHER", "T0STRANGER"
SEAL_KEY = "5ea1" * 16


@dataclass
class Bot:
    """A bot that can be installed, and its store."""

    slack: FakeSlack
    store: SqlStore
    teams: Teams
    installations: Installations
    door: Door
    clock: list[float]
    url: str

    async def leave(self) -> tuple[str, str]:
        """Start in a new browser; return the state and the cookie."""
        async with self.door.http.get(self.url + INSTALL, allow_redirects=False) as answer:
            assert answer.status == 302
            cookie = SimpleCookie(answer.headers["Set-Cookie"])["twokey_install"].value
            query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return query["state"][0], cookie

    async def come_back(self, cookie: str = "", **query: str) -> tuple[int, str]:
        """Arrive from Slack."""
        headers = {"Cookie": f"twokey_install={cookie}"} if cookie else {}
        target = self.url + REDIRECT
        async with self.door.http.get(target, params=query, headers=headers) as answer:
            return answer.status, await answer.text()

    async def install(self, team: str = HOME, **changes: object) -> tuple[int, str]:
        """Go the whole way."""
        state, cookie = await self.leave()
        return await self.come_back(cookie, state=state, code=self.slack.code(team, **changes))


@pytest.fixture
async def here(tmp_path: Path, desk: FakeDesk) -> AsyncIterator[Bot]:
    """A bot that serves two teams and is installed in none."""
    slack, clock = FakeSlack(), [float(NOW)]
    app = web.Application()
    app.router.add_post("/api/oauth.v2.access", slack.access)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    store = SqlStore(f"sqlite:///{tmp_path / 'twokey.db'}", clock=ManualClock(), audit_key=KEY)
    await store.open()
    pool_settings = SlackSettings(team=HOME, bot_token="", api_base=base)
    async with opened(pool_settings) as pool, aiohttp.ClientSession() as session:
        teams = Teams(now=lambda: 0.0)
        installations = kept(store, teams, pool)
        requests = SlackRequests(
            teams,
            desk,
            secrets=["current"],
            now=lambda: clock[0],
            opening=installations.load,
            removed=installations.remove,
        )
        settings = OAuthSettings(
            client_id="1.2",
            client_secret="of-the-client",
            state_key=b"state",
            address="https://twokey.example.com",
            authorize_url="https://slack.com/oauth/v2/authorize",
            slack=pool_settings,
        )
        link = SlackOAuth(settings, installations, session, now=lambda: clock[0])
        routes = {**requests.routes(), **link.routes()}
        listener = Listener(routes, host="127.0.0.1", port=0)
        await listener.start()
        await requests.start()
        door = Door(requests, listener.address, session)
        yield Bot(slack, store, teams, installations, door, clock, listener.address)
        await listener.stop()
        await requests.stop()
    await store.close()
    await runner.cleanup()


def kept(store: SqlStore, teams: Teams, pool: Team, *, key: str = SEAL_KEY) -> Installations:
    """The installations of a process that starts."""

    def reach(made: Installation) -> Team:
        own = SlackSettings(
            team=made.team, bot_token=made.bot_token, api_base=pool.settings.api_base
        )
        return pool.as_team(own, app=made.app)

    return Installations(store, Seal(key), teams, reach=reach, allowed=[HOME, OTHER])


async def test_an_installation_is_kept_and_served(here: Bot) -> None:
    """After the way to Slack and back, the team is served with the token of its installation."""
    status, text = await here.install()

    team = here.teams.team(HOME)
    assert (status, "Twokey is installed in T0HOME" in text) == (200, True)
    assert team is not None
    assert team.settings.bot_token == "xoxb-T0HOME-code-0"
    assert team.app == "A0TWOKEY"
    assert here.slack.asked == [
        {
            "client_id": "1.2",
            "client_secret": "of-the-client",
            "code": "code-0",
            "redirect_uri": "https://twokey.example.com/slack/oauth_redirect",
        }
    ]


async def test_the_way_to_slack_asks_for_what_the_manifest_has(here: Bot) -> None:
    """Slack is asked for our scopes, and the cookie is for this way back alone."""
    async with here.door.http.get(here.url + INSTALL, allow_redirects=False) as answer:
        place, cookie = urlsplit(answer.headers["Location"]), answer.headers["Set-Cookie"]

    query = parse_qs(place.query)
    assert f"{place.scheme}://{place.netloc}{place.path}" == "https://slack.com/oauth/v2/authorize"
    assert set(query["scope"][0].split(",")) == SCOPES
    assert query["redirect_uri"] == ["https://twokey.example.com/slack/oauth_redirect"]
    for word in ("HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600", f"Path={REDIRECT}"):
        assert word in cookie


async def test_the_database_holds_no_token(here: Bot, tmp_path: Path) -> None:
    """Whoever copies the database can't speak as Twokey."""
    await here.install()

    [(team, sealed)] = rows(
        f"sqlite:///{tmp_path / 'twokey.db'}", "SELECT team, sealed FROM installations"
    )
    assert team == HOME
    assert "xoxb" not in str(sealed)


async def test_a_restart_serves_what_is_installed(here: Bot) -> None:
    """The next process needs no installation, only the key."""
    await here.install()
    pool = here.teams.team(HOME)
    assert pool is not None
    teams = Teams(now=lambda: 0.0)

    await kept(here.store, teams, pool).load()

    again = teams.team(HOME)
    assert again is not None
    assert again.settings.bot_token == pool.settings.bot_token
    with pytest.raises(TwokeyError, match="installation_key is not the one that sealed it"):
        await kept(here.store, teams, pool, key="0" * 64).load()


async def test_a_row_of_another_team_is_refused(here: Bot) -> None:
    """Rows can't be swapped to speak in one workspace with the rights of another."""
    await here.install()
    pool = here.teams.team(HOME)
    assert pool is not None
    moved = (await here.store.read(lambda tx: dict(tx.installations())))[HOME]
    await here.store.write(lambda tx: tx.install(OTHER, moved))

    with pytest.raises(TwokeyError, match="was kept as that of T0OTHER"):
        await kept(here.store, Teams(now=lambda: 0.0), pool).load()


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"team": {"id": STRANGER}}, "does not serve the team T0STRANGER"),
        ({"is_enterprise_install": True}, "not a whole organisation"),
        ({"scope": "commands,chat:write"}, "users:read is missing"),
        ({"token_type": "user"}, "can&#x27;t be read"),
        ({"team": None}, "can&#x27;t be read"),
        ({"ok": False, "error": "invalid_code"}, "invalid_code"),
    ],
)
async def test_other_installations_are_refused(
    here: Bot, how: dict[str, Any], sentence: str
) -> None:
    """A stranger's workspace, a whole organisation or too few scopes: nothing is kept."""
    state, cookie = await here.leave()
    code = here.slack.code()
    here.slack.answers[code] |= how

    status, text = await here.come_back(cookie, state=state, code=code)

    assert status in {403, 502}
    assert sentence in text
    assert await here.store.read(lambda tx: dict(tx.installations())) == {}
    assert here.teams.team(HOME) is here.teams.team(STRANGER) is None


async def test_the_state_belongs_to_one_browser_and_counts_once(here: Bot) -> None:
    """Nobody can finish what another browser began, change it, wait too long, or do it twice."""
    state, cookie = await here.leave()
    _, foreign = await here.leave()
    code = here.slack.code()

    refused = [
        await here.come_back(cookie, code=code),
        await here.come_back("", state=state, code=code),
        await here.come_back(foreign, state=state, code=code),
        await here.come_back(cookie, state=state[:-1] + "x", code=code),
        await here.come_back(cookie, state="1" + state, code=code),
    ]
    here.clock[0] += 601
    refused.append(await here.come_back(cookie, state=state, code=code))
    here.clock[0] -= 601
    assert {status for status, _ in refused} == {403}
    assert here.slack.asked == []

    first, _ = await here.come_back(cookie, state=state, code=code)
    second, text = await here.come_back(cookie, state=state, code=here.slack.code())
    assert (first, second) == (200, 403)
    assert "finished before" in text


async def test_a_person_who_declines_is_told_so(here: Bot) -> None:
    """Slack sends people back without a code when they press Cancel."""
    state, cookie = await here.leave()

    status, text = await here.come_back(cookie, state=state, error="access_denied")

    assert (status, "nothing was installed" in text) == (403, True)
    assert here.slack.asked == []


async def test_installing_again_replaces(here: Bot) -> None:
    """The newest token is the one that is used."""
    await here.install()
    await here.install()

    team = here.teams.team(HOME)
    assert team is not None
    assert team.settings.bot_token == "xoxb-T0HOME-code-1"


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"bot": ["U1"]}}],
)
async def test_taking_the_app_out_forgets_the_team(here: Bot, event: dict[str, Any]) -> None:
    """Slack's own event removes the token; a late repetition does not remove a newer one."""
    await here.install()
    at = int(ManualClock().now().timestamp())
    body = {"type": "event_callback", "team_id": HOME, "event_id": "Ev1", "event": event}

    early = await here.door.send(EVENTS, body | {"event_time": at - 60})
    survived = here.teams.team(HOME)
    late = await here.door.send(EVENTS, body | {"event_time": at + 60})

    assert (early, late) == ((200, ""), (200, ""))
    assert survived is not None
    assert here.teams.team(HOME) is None
    assert await here.store.read(lambda tx: dict(tx.installations())) == {}


async def test_a_database_that_fails_lets_slack_try_again(here: Bot) -> None:
    """An event that could not be kept is not acknowledged, and its repetition counts."""
    await here.install()
    at = int(ManualClock().now().timestamp()) + 60
    event = {"type": "app_uninstalled"}
    body = {"type": "event_callback", "team_id": HOME, "event_time": at, "event": event}
    await here.store.close()

    first = await here.door.send(EVENTS, body)
    await here.store.open()
    again = await here.door.send(EVENTS, body)

    assert (first[0], again[0]) == (503, 200)
    assert here.teams.team(HOME) is None


async def test_a_team_that_is_not_installed_is_explained(here: Bot) -> None:
    """What should be posted waits, and nobody of that team is believed to be somebody."""
    with pytest.raises(ChatUnreachable, match="not installed in the Slack team T0OTHER"):
        await here.teams.post(Place("slack", OTHER, "C1"), Message("x"), thread=None, key="k")

    account = Account("slack", OTHER, "U1")
    assert await here.teams.membership(account) is Membership.UNREADABLE


async def test_each_team_is_served_by_itself(here: Bot, desk: FakeDesk) -> None:
    """A command of either team reaches the desk with its own team, a third one's does not."""
    await here.install(HOME)
    await here.install(OTHER)

    for number, team in enumerate((HOME, OTHER, STRANGER)):
        about = command(team_id=team, api_app_id="A0TWOKEY", trigger_id=f"1.{number}")
        status, _ = await here.door.send("/slack/commands", about)
        assert status == 200

    assert [asked.account.tenant for _, asked in desk.asked] == [HOME, OTHER]
