"""How Slack is wired: over sockets or over HTTP, with a token or installed by a link."""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from bot.chat.slack.gateway import Routes, SlackGateway
from bot.chat.slack.http import SlackRequests, identified
from bot.chat.slack.installations import Installations
from bot.chat.slack.oauth import OAuthSettings, SlackOAuth
from bot.chat.slack.seal import Installation, Seal
from bot.chat.slack.team import SlackSettings, Team, opened
from bot.chat.slack.teams import Teams
from bot.config import OAuthAccess, Settings
from bot.invocation import Desk
from bot.ports import Store


class Gateway(Protocol):
    """The way in which deliveries arrive."""

    def routes(self) -> Routes:
        """Return what answers HTTP at which address."""
        ...

    async def start(self) -> None:
        """Check what was configured, and begin to take deliveries."""
        ...

    async def stop(self) -> None:
        """End what was taken."""
        ...

    async def is_connected(self) -> bool:
        """Tell whether Slack can deliver right now."""
        ...


@dataclass(frozen=True, slots=True)
class Slack:
    """The teams to talk to, what makes their way in to a desk, and what answers beside it."""

    teams: Teams
    gateway_to: Callable[[Desk], Gateway]
    routes: Routes


@asynccontextmanager
async def slack(
    settings: Settings, store: Store, *, learn: Callable[[str], None]
) -> AsyncGenerator[Slack]:
    """Open the connection pool for as long as the context lasts, and wire what was configured.

    ``learn`` hears of every token that was not configured, so that no log ever shows it.
    """
    access, teams = settings.slack, Teams(now=time.monotonic)
    known = SlackSettings(
        team=access.teams[0],
        bot_token=access.bot_token.value,
        app_token=access.app_token.value,
        api_base=access.api_base,
    )
    async with opened(known) as team:
        if access.oauth is not None:
            yield await _by_link(settings, access.oauth, team, teams, store, learn)
            return
        teams.admit(team)

        async def opening() -> None:
            teams.admit(await identified(team))

        def gateway_to(desk: Desk) -> Gateway:
            if not access.signing_secrets:
                return SlackGateway(team, desk)
            secrets = _signing_secrets(settings)
            return SlackRequests(teams, desk, secrets=secrets, now=time.time, opening=opening)

        yield Slack(teams, gateway_to, {})


async def _by_link(
    settings: Settings,
    oauth: OAuthAccess,
    pool: Team,
    teams: Teams,
    store: Store,
    learn: Callable[[str], None],
) -> Slack:
    """Wire teams whose tokens come from installations; ``pool`` lends them its connections."""
    access = settings.slack
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
            secrets=_signing_secrets(settings),
            now=time.time,  # Slack signs with the real time, whatever the bot's own clock says
            removed=installations.remove,
        )

    return Slack(teams, gateway_to, link.routes())


def _signing_secrets(settings: Settings) -> list[str]:
    return [secret.value for secret in settings.slack.signing_secrets]
