"""The conversation as people would read it, printed while it happens."""

import time
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console

from bot.workspace.demo import reading
from bot.workspace.slack import seed

Json = Mapping[str, Any]

_NAMES: Final = {**seed.PEOPLE, seed.BOT: seed.BOT_NAME, "USLACKBOT": "Slackbot"}
_MARGIN: Final = " " * 8


class Transcript:
    """Writes down who did what, and every message and edit that came of it."""

    def __init__(self, console: Console, *, began: float) -> None:
        """Count the time from ``began``, on the monotonic clock."""
        self._console = console
        self._began = began
        self._said: set[tuple[str, ...]] = set()

    def did(self, user: str, deed: str) -> None:
        """Write down what somebody did."""
        self._headline(f"{_NAMES[user]} {deed}", style="bold cyan")

    def note(self, sentence: str) -> None:
        """Write down what happened outside the chat."""
        self._headline(sentence, style="bold yellow")

    def listen(self, channel: str, message: Json, *, before: Json | None) -> None:
        """Write down a message, or what an edit changed about it."""
        lines = reading.lines(message)
        shown = [line for line in lines if line not in reading.lines(before)] if before else lines
        if before and not shown and len(lines) == len(reading.lines(before)):
            return  # a reply below it was counted
        deed = f"{_NAMES[message['user']]} {'edits' if before else 'says'} "
        self._headline(deed + _where(channel, message, lines), style="bold")
        if tuple(shown) in self._said and len(shown) > 1:
            shown = ["(the same card)"]
        self._said.add(tuple(shown))
        for line in shown or ["(the buttons are gone)"]:
            self._print(f"{_MARGIN}  {line}")

    def _headline(self, text: str, *, style: str) -> None:
        seconds = time.monotonic() - self._began
        self._print(f"{seconds:6.1f}  {text}", style=style)

    def _print(self, text: str, *, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _where(channel: str, message: Json, lines: list[str]) -> str:
    if reader := message.get("only_for"):
        return f"to {_NAMES[reader]} privately:"
    if channel.startswith("D"):
        return f"to {_NAMES['U' + channel.removeprefix('D')]} directly:"
    name = seed.CHANNELS[channel][0]
    return f"in the thread in #{name}:" if "thread_ts" in message else f"in #{name}:"
