"""The hands of everybody in a story: they type, press and wait, as people at the page do."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from bot.domain.errors import TwokeyError
from bot.workspace.demo.books import Books
from bot.workspace.demo.config import DEPLOYS
from bot.workspace.demo.conversation import Conversation
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.transcript import Transcript
from bot.workspace.slack.client import Workspace

Json = dict[str, Any]

RESPONDER: Final = "U00RESPONDER"
MANAGER_ONE: Final = "U00MANAGER1"
MANAGER_TWO: Final = "U00MANAGER2"
OUTSIDER: Final = "U00OUTSIDER"

_PATIENCE: Final = 20.0
_LOOK_EVERY: Final = 0.05


@dataclass(kw_only=True)
class Player:
    """Plays a story on a stage, for an audience that reads the transcript."""

    stage: Stage
    people: Workspace
    conversation: Conversation
    books: Books
    transcript: Transcript
    kills: int = field(default=0, init=False)

    async def ask(self, text: str, *, by: str = RESPONDER) -> None:
        """Type a command in #deploys."""
        self.transcript.did(by, f"types: /rollback {text}")
        await _done(self.people.command(by, DEPLOYS, f"/rollback {text}"))

    async def press(self, label: str, *, by: str) -> None:
        """Press the newest button of this name that the person sees, once there is one."""
        button = await self.conversation.until(
            lambda: self.conversation.with_button(label, seen_by=by), what=f"a button {label}"
        )
        self.transcript.did(by, f"presses: {label}")
        await _done(self.people.click(by, *button))

    async def fill_in(self, answer: str, *, by: str) -> None:
        """Answer the only question of the dialog in front of the person, once it opens."""
        (dialog, *_) = await self.conversation.until(
            lambda: self.conversation.dialogs.get(by), what="a dialog"
        )
        self.transcript.did(by, f"answers “{dialog['title']['text']}”: {answer}")
        element = dialog["blocks"][0]["element"]
        await _done(self.people.submit(by, dialog["id"], {element["action_id"]: answer}))

    async def kill_bot(self) -> None:
        """Kill the bot as a crash would, and start it again."""
        self.transcript.note("The bot is killed (kill -9), and started again.")
        await self.stage.kill_bot()
        self.kills += 1
        await self.stage.start_bot()

    async def until_effect(self) -> None:
        """Wait until something took effect at a provider."""
        await _eventually(self._has_effect, what="an effect at a provider")

    async def until_over(self) -> None:
        """Wait until the rollback ended, and nothing is left to be shown to anybody."""
        await _eventually(self.books.are_closed, what="an end that everybody can see")

    async def hear_out(self) -> None:
        """Wait until all that is on the page has been heard, too."""
        shown = (await self.people.state())["messages"]
        await self.conversation.until(
            lambda: self.conversation.contains(shown), what="the last messages"
        )

    async def _has_effect(self) -> bool:
        return bool(self.stage.effects())


async def _done(act: Awaitable[Json]) -> None:
    answer = await act
    if not answer["ok"]:
        raise TwokeyError(f"The workspace could not do that: {answer['error']}.")


async def _eventually(is_so: Callable[[], Awaitable[bool]], *, what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            while not await is_so():
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError as error:
        raise TwokeyError(f"Nobody saw {what} within {_PATIENCE:g} s.") from error
