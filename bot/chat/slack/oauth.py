"""Installing the app by a link: off to Slack, and back with a token for one of our teams."""

import hashlib
import hmac
import html
import re
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from bot.chat.slack.blocks import Json
from bot.chat.slack.gateway import Routes
from bot.chat.slack.installations import Installations
from bot.chat.slack.seal import Installation
from bot.chat.slack.team import METHODS, SlackSettings, log, understood, web_client
from bot.domain.errors import TwokeyError

INSTALL: Final = "/slack/install"
REDIRECT: Final = "/slack/oauth_redirect"
SCOPES: Final = frozenset({"commands"}.union(*METHODS.values()))

_COOKIE: Final = "twokey_install"
_LIFE_SECONDS: Final = 600
_WINDOW_SECONDS: Final = 60.0
_MOST_IN_WINDOW: Final = 30
_STATE: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")
_CODE: Final = re.compile(r"[!-~]{1,500}")
_CONTENT: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address holds the code
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """Which app this is, to Slack and to browsers."""

    client_id: str
    client_secret: str = field(repr=False)
    state_key: bytes = field(repr=False)
    address: str  # where browsers reach us, without a last slash
    authorize_url: str
    slack: SlackSettings


class _Refused(Exception):
    """The installation ends here; the text is for whoever sits at the browser."""


class SlackOAuth:
    """Answers the two addresses of an installation; ``now`` is the time in seconds since 1970."""

    def __init__(
        self,
        settings: OAuthSettings,
        installations: Installations,
        session: aiohttp.ClientSession,
        *,
        now: Callable[[], float],
    ) -> None:
        """Install nothing yet."""
        self._settings = settings
        self._installations = installations
        self._web: Any = web_client(settings.slack, session, token=None)  # half typed by the SDK
        self._now = now
        self._lately = deque[float]()  # when somebody came back
        self._redirect = settings.address + REDIRECT

    def routes(self) -> Routes:
        """Return what answers at which address."""
        return {f"GET {INSTALL}": self.leave, f"GET {REDIRECT}": self.come_back}

    async def leave(self, _: web.BaseRequest) -> web.Response:
        """Send the browser to Slack, with a state that only this browser can bring back."""
        browser, nonce, issued = secrets.token_hex(16), secrets.token_hex(16), int(self._now())
        state = f"{issued}.{nonce}.{self._proof(issued, nonce, browser)}"
        query = {
            "client_id": self._settings.client_id,
            "scope": ",".join(sorted(SCOPES)),
            "redirect_uri": self._redirect,
            "state": state,
        }
        response = web.Response(status=HTTPStatus.FOUND, headers=_CONTENT)
        response.headers["Location"] = f"{self._settings.authorize_url}?{urlencode(query)}"
        response.set_cookie(
            _COOKIE,
            browser,
            max_age=_LIFE_SECONDS,
            path=REDIRECT,
            secure=self._redirect.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
        return response

    async def come_back(self, request: web.BaseRequest) -> web.Response:
        """Take the browser back from Slack, and install the app where that is allowed."""
        now = self._now()
        while self._lately and self._lately[0] <= now - _WINDOW_SECONDS:
            self._lately.popleft()
        if len(self._lately) >= _MOST_IN_WINDOW:  # nobody installs that often; not even logged
            return _page(HTTPStatus.TOO_MANY_REQUESTS, "Too many at once. Try again in a minute.")
        self._lately.append(now)
        try:
            team = await self._install(request)
        except _Refused as error:
            log.warning("An installation was refused: %s", error)
            return _page(HTTPStatus.FORBIDDEN, str(error))
        except TwokeyError as error:
            log.warning("An installation failed: %s", error)
            return _page(HTTPStatus.BAD_GATEWAY, f"{error} Nothing was installed. Try again.")
        return _page(HTTPStatus.OK, f"Twokey is installed in {team}. Invite it: /invite @Twokey.")

    async def _install(self, request: web.BaseRequest) -> str:
        query = request.query
        nonce = self._checked(query.get("state", ""), request.cookies.get(_COOKIE, ""))
        code = query.get("code", "")
        if "error" in query or not _CODE.fullmatch(code):
            raise _Refused("Slack did not agree, so nothing was installed.")
        if not await self._installations.is_new(nonce):
            raise _Refused("This was finished before. Start again at /slack/install.")
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret,
            "code": code,
            "redirect_uri": self._redirect,
        }
        exchange = self._web.api_call("oauth.v2.access", data=form)
        installation = self._read(await understood(exchange, setting="the client's secret"))
        await self._installations.add(installation)
        return installation.team

    def _checked(self, state: str, browser: str) -> str:
        """Return what is there once in this state, if this browser was given it lately."""
        match = _STATE.fullmatch(state)
        if match is None or not browser.isascii():
            raise _Refused("This did not start here. Start again at /slack/install.")
        issued, nonce, proof = int(match[1]), match[2], match[3]
        if not hmac.compare_digest(self._proof(issued, nonce, browser), proof):
            raise _Refused("This did not start in this browser. Start again at /slack/install.")
        if not 0 <= self._now() - issued <= _LIFE_SECONDS:
            raise _Refused("This took longer than ten minutes. Start again at /slack/install.")
        return nonce

    def _read(self, answer: Json) -> Installation:
        match answer:
            case {"is_enterprise_install": True}:
                raise _Refused(
                    "Twokey serves single workspaces, not a whole organisation. Nothing was "
                    "installed. Choose a workspace when Slack asks."
                )
            case {
                "token_type": "bot",
                "access_token": str(token),
                "app_id": str(app),
                "scope": str(scope),
                "team": {"id": str(team)},
            }:
                pass
            case _:
                raise _Refused("Slack's answer can't be read. Nothing was installed.")
        if not self._installations.is_allowed(team):
            raise _Refused(
                f"This Twokey does not serve the team {team}. Nothing was kept: take the app out "
                "of that workspace again."
            )
        if missing := SCOPES - set(scope.split(",")):
            raise _Refused(
                f"The app may not do everything it needs: {', '.join(sorted(missing))} is missing. "
                "Nothing was kept. Bring the app up to date with manifest.yml, then start again."
            )
        return Installation(team=team, app=app, bot_token=token)

    def _proof(self, issued: int, nonce: str, browser: str) -> str:
        said = f"{issued}.{nonce}.{browser}".encode()
        return hmac.new(self._settings.state_key, said, hashlib.sha256).hexdigest()


def _page(status: HTTPStatus, sentence: str) -> web.Response:
    text = f"<!doctype html><title>Twokey</title><p>{html.escape(sentence)}</p>\n"
    return web.Response(status=status, text=text, content_type="text/html", headers=_CONTENT)
