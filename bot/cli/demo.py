"""Open the demo: a local chat with a broken shop to roll back."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal

import typer

_FIRST_STORY: Final = "approve"
_CHATS: Final[Mapping[str, tuple[Literal["slack", "discord"], ...]]] = {
    "slack": ("slack",),
    "discord": ("discord",),
    "both": ("slack", "discord"),
    "none": (),
}
_STORIES: Final = (
    "approve, frontend, full, self-approval, withdraw, reject, unknown-target, busy, stop, expire, "
    "lost-answer, crash, amnesia, lying-provider, half, doubt, slack-misbehaves, "
    "restart, discord-misbehaves, two-accounts, chat-down, cli"
)


class Chat(StrEnum):
    """What people talk in."""

    SLACK = "slack"
    DISCORD = "discord"
    BOTH = "both"
    NONE = "none"


class Transport(StrEnum):
    """How the demo's chat delivers."""

    SOCKET = "socket"
    HTTP = "http"


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Play a story without a browser.")
    ] = False,
    story: Annotated[
        str, typer.Option(help=f"Which story to play, with --headless: {_STORIES}.")
    ] = _FIRST_STORY,
    store: Annotated[
        Literal["sqlite", "postgres"], typer.Option(help="Where it keeps everything.")
    ] = "sqlite",
    replicas: Annotated[
        int, typer.Option(min=1, max=2, help="How many bots; two of them need postgres.")
    ] = 1,
    port: Annotated[int, typer.Option(help="Where the page is; 0 picks a free one.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page by itself.")
    ] = True,
    chat: Annotated[
        Chat | None,
        typer.Option(help="What people talk in; a story that needs another one says so."),
    ] = None,
    transport: Annotated[
        Transport, typer.Option(help="How the chat delivers: Socket Mode, or signed HTTP.")
    ] = Transport.SOCKET,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep everything that was written, and say where.")
    ] = False,
) -> None:
    """Open a local chat with a broken shop to roll back; needs no account anywhere."""
    if story != _FIRST_STORY and not headless:
        raise typer.BadParameter("a story is played with --headless; the page plays none")
    from bot.workspace import demo as workspace  # noqa: PLC0415

    status = workspace.run(
        workspace.Setting(
            port=port,
            store=store,
            replicas=replicas,
            is_http=transport is Transport.HTTP,
            chats=_CHATS[chat] if chat else None,
        ),
        headless=headless,
        story=story,
        browser=browser,
        keep=keep,
    )
    raise typer.Exit(status)
