"""Bolt, and the Socket Mode connection over which Slack delivers."""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.chat.slack.blocks import Json
from bot.chat.slack.reception import Reception
from bot.chat.slack.team import Team, library_logger, log, web_client
from bot.invocation import Desk
from bot.ports import ChatRefused, ChatUnreachable

Routes = Mapping[str, Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]]

_EVERYTHING: Final = re.compile(r".*", re.DOTALL)
_CONNECT_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 3.0


def create_slack_app(team: Team, reception: Reception) -> AsyncApp:
    """Build the Bolt app, which hands everything that Slack delivers to the reception."""

    async def authorize() -> AuthorizeResult:
        # Bolt would ask Slack with each new app; and whose a delivery is, the reception checks.
        return AuthorizeResult(enterprise_id=None, team_id=team.id)

    async def fail(error: Exception) -> BoltResponse:
        # A kind of delivery that nobody asked for: acknowledged, or Slack would repeat it.
        reception.turned_away[type(error).__name__] += 1
        log.error("Slack delivered something that nobody takes: %s", type(error).__name__)
        return BoltResponse(status=200)

    app = AsyncApp(
        name="twokey",
        logger=library_logger(),
        client=web_client(team.settings, team.session, token=None),
        authorize=authorize,
        signing_secret=secrets.token_hex(),  # nobody knows it: deliveries over HTTP are refused
        process_before_response=True,  # otherwise Bolt looks for the acknowledgement every 10 ms
        raise_error_for_unhandled_request=True,
    )
    half_typed: Any = app
    half_typed.command(_EVERYTHING)(reception.command)
    half_typed.action(_EVERYTHING)(reception.click)
    half_typed.view(_EVERYTHING)(reception.form)
    half_typed.error(fail)
    return app


async def check_token(team: Team) -> Json:
    """Return what Slack says of the bot token, or raise that it is another team's."""
    told = await team.call("auth.test")
    if told.get("team_id") != team.id:
        raise ChatRefused(
            f"SLACK_BOT_TOKEN belongs to the team {told.get('team_id')}, and twokey.yaml speaks of "
            f"{team.id}: put the right one in either."
        )
    return told


class SlackGateway:
    """The connection of one team; it reconnects by itself until it is stopped."""

    def __init__(self, team: Team, desk: Desk, *, patience: float = 1.0) -> None:
        """Connect nothing yet."""
        self._team = team
        self._reception = Reception(team, desk, patience=patience)
        self._app = create_slack_app(team, self._reception)
        self._handler: Any = None  # half typed by Bolt

    def routes(self) -> Routes:
        """Return nothing: over Socket Mode, Slack needs no address of ours."""
        return {}

    async def start(self) -> None:
        """Check both tokens and connect; whatever is wrong is raised as a sentence."""
        settings = self._team.settings
        await check_token(self._team)
        address = await self._team.socket_address()
        self._handler = _Handler(self._app, settings.app_token)
        self._handler.turned_away = self._reception.turned_away
        self._handler.client.proxy = settings.proxy  # not one from the environment
        self._handler.client.wss_uri = address
        self._handler.client.aiohttp_client_session = FreshAddresses(self._handler.client)
        self._handler.client.message_listeners.append(self._greet)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._handler.connect_async()
        except TimeoutError:
            await self.stop()
            raise ChatUnreachable("Slack's Socket Mode can't be reached.") from None

    async def stop(self) -> None:
        """Answer what has arrived, while it can still be acknowledged, and disconnect."""
        await self._reception.settle(seconds=_SETTLE_SECONDS)
        if self._handler is not None:
            await self._handler.close_async()
            self._handler = None
        await self._reception.close()

    async def is_connected(self) -> bool:
        """Tell whether Slack can deliver right now."""
        return self._handler is not None and bool(await self._handler.client.is_connected())

    @property
    def turned_away(self) -> Mapping[str, int]:
        """Return how many deliveries never reached the desk, by the reason."""
        return self._reception.turned_away

    async def _greet(self, _: Any, message: Json, __: str | None) -> None:  # noqa: ANN401
        match message:
            case {"type": "hello", "connection_info": {"app_id": str(app)}}:
                self._reception.app = app
            case _:
                pass


class _Handler(AsyncSocketModeHandler):
    """Bolt's own, which also acknowledges and counts a delivery that Bolt stumbles over."""

    turned_away: Counter[str]

    async def handle(self, client: Any, req: SocketModeRequest) -> None:  # noqa: ANN401 - half typed
        """Hand a delivery to Bolt."""
        try:
            await super().handle(client, req)
        except ConnectionError:
            raise  # the acknowledgement came too late for this socket; the library says so
        except Exception as error:  # noqa: BLE001 - Bolt trusts the shape of what arrives
            self.turned_away[type(error).__name__] += 1
            log.error("Slack delivered something that Bolt can't read: %s", type(error).__name__)
            await client.send_socket_mode_response({"envelope_id": req.envelope_id})


class FreshAddresses:
    """The library's session, made to ask for a new address before every further try to connect.

    An address is good for one try and half a minute, and the library would try it for ever.
    """

    def __init__(self, client: SocketModeClient) -> None:
        """Stand in for the session of this client."""
        self._client = client
        self._session: Any = client.aiohttp_client_session

    @property
    def closed(self) -> bool:
        """Tell whether the session was closed."""
        return bool(self._session.closed)

    async def ws_connect(self, address: str, **options: Any) -> Any:  # noqa: ANN401 - as it is
        """Connect to this address, once."""
        self._client.wss_uri = None
        return await self._session.ws_connect(address, **options)

    async def close(self) -> None:
        """Close the session."""
        await self._session.close()
