"""Plays one story from its beginning to its end."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from rich.console import Console

from bot.domain.errors import TwokeyError
from bot.workspace.demo import books, verdict
from bot.workspace.demo.conversation import Conversation
from bot.workspace.demo.player import Player
from bot.workspace.demo.stage import Stage
from bot.workspace.demo.stories import Story
from bot.workspace.demo.transcript import Transcript
from bot.workspace.slack.client import Workspace


async def play(
    stage: Stage, name: str, story: Story, console: Console
) -> tuple[dict[str, Any], list[str]]:
    """Return the facts of the story, and what is wrong with them."""
    began = time.monotonic()
    async with _player(stage, Transcript(console, began=began)) as player:
        was_healthy = await verdict.is_healthy(player, story.parts)
        problems: list[str] = []
        try:
            await story.play(player)
            await player.hear_out()
        except TwokeyError as error:
            problems.append(str(error))
        facts = {
            "story": name,
            "chat": "slack",
            "store": "sqlite",
            **await verdict.gather(player, story.parts),
            "healthy_before": was_healthy,
            "seconds": round(time.monotonic() - began, 1),
        }
    return facts, [*problems, *verdict.differences(facts, story.ends)]


@asynccontextmanager
async def _player(stage: Stage, transcript: Transcript) -> AsyncGenerator[Player]:
    conversation = Conversation(transcript.listen)
    async with Workspace(stage.page) as people, books.opened(stage.folder) as opened:
        following = asyncio.create_task(conversation.follow(stage.page))
        try:
            yield Player(
                stage=stage,
                people=people,
                conversation=conversation,
                books=opened,
                transcript=transcript,
            )
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
