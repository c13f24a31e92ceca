"""Whole ways through the workspace with the real slack-bolt client over real sockets."""

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.wire import Json
from tests.bot.workspace.slack.conftest import Join, Place

RESPONDER, MANAGER = "U00RESPONDER", "U00MANAGER1"
DEPLOYS = "C00DEPLOYS"
APPROVE: Json = {
    "type": "actions",
    "block_id": "decision",
    "elements": [
        {
            "type": "button",
            "action_id": "approve",
            "value": "rb-1",
            "style": "primary",
            "text": {"type": "plain_text", "text": "Approve"},
        }
    ],
}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def test_a_command_is_acknowledged_and_answered_privately(place: Place, join: Join) -> None:
    """A slash command reaches the app, and its answer is seen by nobody else."""
    app = AsyncApp(client=place.client)

    @app.command("/rollback")
    async def rollback(ack: AsyncAck, respond: AsyncRespond, command: Json) -> None:
        await ack()
        await respond(f"You asked for {command['text']}.")

    await join(app)

    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend API answers 500")
    told = await place.people.until(lambda state: state["ephemerals"][RESPONDER])

    assert outcome["ok"]
    assert outcome["ack_ms"] < 500
    assert told[0]["text"] == "You asked for backend API answers 500."
    assert await place.people.ephemerals(MANAGER) == []


async def test_an_acknowledgement_may_hold_the_answer(place: Place, join: Join) -> None:
    """Text in the acknowledgement of a command is shown like any private answer."""
    app = AsyncApp(client=place.client)

    @app.command("/rollback")
    async def rollback(ack: AsyncAck) -> None:
        await ack("Asking two people.")

    await join(app)

    outcome = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")

    assert outcome["ack"] == {"text": "Asking two people."}
    assert [one["text"] for one in await place.people.ephemerals(RESPONDER)] == [
        "Asking two people."
    ]


async def test_a_click_updates_the_message(place: Place, join: Join) -> None:
    """A pressed button reaches the app with its value, and the card changes for everybody."""
    app = AsyncApp(client=place.client)

    @app.action("approve")
    async def approve(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        text = f"Approved {body['actions'][0]['value']} by {body['user']['id']}"
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=text,
            blocks=[section(text)],
        )

    await join(app)
    card = await place.client.chat_postMessage(
        channel=DEPLOYS, text="Approve?", blocks=[section("Approve?"), APPROVE]
    )

    outcome = await place.people.click(MANAGER, DEPLOYS, card["ts"], "approve")
    await place.people.until(lambda state: state["messages"][DEPLOYS][0].get("edited"))

    assert outcome["ok"]
    [message] = await place.people.messages(DEPLOYS)
    assert message["text"] == "Approved rb-1 by U00MANAGER1"
    assert [block["type"] for block in message["blocks"]] == ["section"]


async def test_a_dialog_opens_refuses_and_closes(place: Place, join: Join) -> None:
    """A dialog opens from a click, shows the app's errors, and closes when the app agrees."""
    app = AsyncApp(client=place.client)
    received: list[str] = []
    view: Json = {
        "type": "modal",
        "callback_id": "reason",
        "title": {"type": "plain_text", "text": "Add reason"},
        "submit": {"type": "plain_text", "text": "Save"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "What is broken?"},
                "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
            }
        ],
    }

    @app.action("approve")
    async def reason(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("reason")
    async def save(ack: AsyncAck, view: Json) -> None:
        text = view["state"]["values"]["why"]["text"]["value"]
        if text == "no":
            await ack(response_action="errors", errors={"why": "Please say more."})
            return
        await ack()
        received.append(text)

    await join(app)
    card = await place.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=[APPROVE])

    await place.people.click(MANAGER, DEPLOYS, card["ts"], "approve")
    [dialog] = await place.people.until(lambda state: state["views"][MANAGER])
    empty = await place.people.submit(MANAGER, dialog["id"], {})
    long = await place.people.submit(MANAGER, dialog["id"], {"text": "x" * 21})
    refused = await place.people.submit(MANAGER, dialog["id"], {"text": "no"})
    saved = await place.people.submit(MANAGER, dialog["id"], {"text": "API answers 500"})

    assert empty["error"] == "invalid_input"
    assert long["errors"] == {"why": "At most 20 characters."}
    assert refused["errors"] == {"why": "Please say more."}
    assert saved["ok"]
    assert received == ["API answers 500"]
    assert (await place.people.state())["views"][MANAGER] == []


async def test_silence_of_the_app_is_told_in_slacks_words(place: Place, join: Join) -> None:
    """A command that nobody acknowledges fails for the person who typed it."""
    app = AsyncApp(client=place.client)

    @app.command("/rollback")
    async def rollback() -> None:
        """Never acknowledge."""

    without_app = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")
    await join(app)
    unanswered = await place.people.command(RESPONDER, DEPLOYS, "/rollback backend")

    assert without_app == {"ok": False, "error": "no_app"}
    assert unanswered == {"ok": False, "error": "operation_timeout"}
    told = [one["text"] for one in await place.people.ephemerals(RESPONDER)]
    assert told == [
        '/rollback failed with the error "dispatch_failed"',
        '/rollback failed with the error "operation_timeout"',
    ]
