"""``python -m tests.bench.bare API [--lean]``: Bolt over Socket Mode that only acknowledges.

Without ``--lean`` it is baseline D, Bolt as its documentation shows it; with it baseline L, Bolt
with ``process_before_response``.
"""

import argparse
import asyncio

from bot.workspace.slack import seed
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient


def make_app(api: str, *, is_lean: bool) -> AsyncApp:
    """Return a Bolt app that knows no command yet."""
    client = AsyncWebClient(token=seed.BOT_TOKEN, base_url=api)
    return AsyncApp(client=client, process_before_response=is_lean)


async def serve(app: AsyncApp) -> None:
    """Connect and stay."""
    await AsyncSocketModeHandler(app, seed.APP_TOKEN).start_async()


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("api")
    parser.add_argument("--lean", action="store_true")
    arguments = parser.parse_args()
    app = make_app(arguments.api, is_lean=arguments.lean)

    @app.command("/rollback")
    async def take(ack: AsyncAck) -> None:
        await ack()

    await serve(app)


if __name__ == "__main__":
    asyncio.run(_main())
