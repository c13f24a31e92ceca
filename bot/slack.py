"""How Slack is wired: over sockets or over HTTP, with a token or installed by a link."""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.chat.slack.gateway import SlackGateway
from bot.chat.slack.http import SlackRequests, identified
from bot.chat.slack.installations import Installations
from bot.chat.slack.oauth import OAuthSettings, SlackOAuth
from bot.chat.slack.seal import Installation, Seal
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.chat.slack.teams import Teams
from bot.chats import Gateway, Platform, Routes
from bot.config import OAuthAccess, SlackAccess
from bot.invocation import Desk
from bot.ports import Store


@asynccontextmanager
async def slack(
    access: SlackAccess, store: Store, *, learn: Callable[[str], None]
) -> AsyncGenerator[Platform]:
    """Open the connection pool for as long as the context lasts, and wire what was configured.

    ``learn`` hears of every token that was not configured, so that no log ever shows it.
    """
    teams = Teams(now=time.monotonic)
    known = SlackSettings(
        team=access.teams[0],
        bot_token=access.bot_token.value,
        app_token=access.app_token.value,
        api_base=access.api_base,
    )
    async with opened(known) as team:
        if access.oauth is not None:
            yield await _by_link(access, access.oauth, team, teams, store, learn)
            return
        teams.admit(team)

        async def opening() -> None:
            teams.admit(await identified(team))

        def gateway_to(desk: Desk) -> Gateway:
            if not access.signing_secrets:
                return SlackGateway(team, desk)
            secrets = _signing_secrets(access)
            return SlackRequests(teams, desk, secrets=secrets, now=time.time, opening=opening)

        yield _platform(teams, gateway_to, {})


def _platform(teams: Teams, gateway_to: Callable[[Desk], Gateway], routes: Routes) -> Platform:
    return Platform("slack", "Slack", teams, teams, gateway_to, routes)


async def _by_link(
    access: SlackAccess,
    oauth: OAuthAccess,
    pool: Team,
    teams: Teams,
    store: Store,
    learn: Callable[[str], None],
) -> Platform:
    """Wire teams whose tokens come from installations; ``pool`` lends them its connections."""
    key = bytes.fromhex(oauth.installation_key.value)

    def reach(installation: Installation) -> Team:
        learn(installation.bot_token)
        own = replace(pool.settings, team=installation.team, bot_token=installation.bot_token)
        return pool.as_team(own, app=installation.app)

    installations = Installations(
        store, Seal(oauth.installation_key.value), teams, reach=reach, allowed=access.teams
    )
    await installations.load()  # here, since who only executes has no gateway and posts, too
    link = SlackOAuth(
        OAuthSettings(
            client_id=oauth.client_id,
            client_secret=oauth.client_secret.value,
            state_key=hashlib.sha256(b"twokey oauth state" + key).digest(),
            address=oauth.address,
            authorize_url=access.oauth_authorize_url,
            slack=pool.settings,
        ),
        installations,
        pool.session,
        now=time.time,
    )

    def gateway_to(desk: Desk) -> Gateway:
        return SlackRequests(
            teams,
            desk,
            secrets=_signing_secrets(access),
            now=time.time,  # Slack signs with the real time, whatever the bot's own clock says
            removed=installations.remove,
        )

    return _platform(teams, gateway_to, link.routes())


def _signing_secrets(access: SlackAccess) -> list[str]:
    return [secret.value for secret in access.signing_secrets]
