"""The page as a Slack, with the real slack-bolt client behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.slack.server import running
from bot.workspace.wire import Json
from tests.bot.workspace.page.conftest import Sight, looking, open_shop

DEPLOYS, MANAGER = "C00DEPLOYS", "U00MANAGER1"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, label: str, **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), **more}


CARD: list[Json] = [
    {"type": "header", "text": plain("Roll back backend?")},
    {
        "type": "actions",
        "elements": [
            button("approve", "Approve", style="primary"),
            button("reject", "Reject…", style="danger"),
            button("reason", "Add reason"),
        ],
    },
]


def key(kind: str, *, request: str = "rb-1") -> Json:
    """What the real bot's messages carry, and what tells the page which of them is which."""
    return {"event_type": "twokey_posting", "event_payload": {"key": f"{request}:{kind}:x:0"}}


VIEW: Json = {
    "type": "modal",
    "callback_id": "reason",
    "title": plain("Add reason"),
    "submit": plain("Save"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("What is broken?"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


@dataclass(frozen=True, kw_only=True)
class Desk(Sight):
    """A browser on a workspace, and the app's client."""

    client: AsyncWebClient


def app(client: AsyncWebClient) -> AsyncApp:
    """An app that asks a manager, and closes the card on a yes."""
    bolt = AsyncApp(client=client)
    cards: dict[str, str] = {}

    @bolt.command("/rollback")
    async def rollback(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        notice = await client.chat_postMessage(
            channel=DEPLOYS, text="backend: rollback asked", metadata=key("notice")
        )
        for kind, place in (("card", {"thread_ts": notice["ts"]}), ("ask", {"channel": MANAGER})):
            sent = await client.chat_postMessage(
                text="Approve? 0 of 1.",
                blocks=CARD,
                metadata=key(kind),
                **{"channel": DEPLOYS, **place},
            )
            cards[sent["channel"]] = sent["ts"]
        await respond("Asked Manager One.")

    @bolt.action("approve")
    @bolt.action("reject")
    async def decide(ack: AsyncAck, body: Json) -> None:
        await ack()
        clicked = {body["channel"]["id"]: body["message"]["ts"]}
        for channel, ts in {**cards, **clicked}.items():
            text = f"{body['actions'][0]['action_id']} by <@{body['user']['id']}>"
            await client.chat_update(channel=channel, ts=ts, text=text)

    @bolt.action("reason")
    async def reason(ack: AsyncAck, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=VIEW)

    @bolt.view("reason")
    async def save(ack: AsyncAck, view: Json) -> None:
        if view["state"]["values"]["why"]["text"]["value"] == "no":
            await ack(response_action="errors", errors={"why": "Please say more."})
        else:
            await ack()

    return bolt


@pytest.fixture
async def desk(chromium: Path) -> AsyncIterator[Desk]:
    """A page in Chromium, with an app and a broken shop; the page may not complain of anything."""
    complaints = list[str]()
    async with (
        open_shop() as shop,
        running(shop=shop.parts) as room,
        looking(chromium, complaints) as page,
    ):
        client = AsyncWebClient(token=room.bot_token, base_url=room.api_url)
        handler = AsyncSocketModeHandler(app(client), room.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await page.goto(room.url)
        yield Desk(page=page, shop=shop, url=room.url, complaints=complaints, client=client)
        await handler.close_async()  # type: ignore[no-untyped-call]
