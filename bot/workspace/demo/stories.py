"""The stories: what people do in each, and how it has to end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from bot.workspace.demo.player import MANAGER_ONE, MANAGER_TWO, OUTSIDER, RESPONDER, Player

Facts = Mapping[str, Any]

_BACKEND: Final = ("railway.rollback", "done")
_FRONTEND: Final = ("vercel.rollback", "done")


@dataclass(frozen=True, kw_only=True)
class Story:
    """What people do, and everything that must be true at its end."""

    play: Callable[[Player], Awaitable[None]]
    ends: Facts
    parts: tuple[str, ...] = ("backend",)  # of the shop
    speed: float = 10.0  # of the bot's time


def _succeeded(*steps: tuple[str, str], **otherwise: object) -> Facts:
    facts: Facts = {
        "state": "succeeded",
        "approvals": 2,
        "requester_approved": False,
        "refusals": [],
        "effects": {use: 1 for use, state in steps if state == "done"},
        "kills": 0,
        "steps": [{"use": use, "state": state} for use, state in steps],
        "healthy_before": False,
        "healthy_after": True,
        "summary_posted": True,
    }
    return {**facts, **otherwise}


def _unchanged(**otherwise: object) -> Facts:
    steps = (("railway.rollback", "not_started"),)
    nothing = {"approvals": 0, "healthy_after": False, "summary_posted": False}
    return {**_succeeded(*steps), **nothing, **otherwise}


async def _approve(player: Player, request: str = "backend API answers 500") -> None:
    await player.ask(request)
    await player.press("Approve", by=MANAGER_ONE)
    await player.press("Approve", by=MANAGER_TWO)
    await player.until_over()


async def _frontend(player: Player) -> None:
    await _approve(player, "frontend the shop is a white page")


async def _full(player: Player) -> None:
    await _approve(player, "full nobody can buy anything")


async def _self_approval(player: Player) -> None:
    await player.ask("backend API answers 500")
    await player.press("Approve", by=RESPONDER)
    await player.press("Approve", by=OUTSIDER)
    await player.press("Approve", by=MANAGER_ONE)
    await player.press("Approve", by=MANAGER_TWO)
    await player.until_over()


async def _reject(player: Player) -> None:
    await player.ask("backend API answers 500")
    await player.press("Reject…", by=MANAGER_ONE)
    await player.fill_in("The fix is already merged", by=MANAGER_ONE)
    await player.until_over()


async def _unknown_target(player: Player) -> None:
    await player.ask("backnd API answers 500")


async def _busy(player: Player) -> None:
    await player.ask("backend API answers 500")
    await player.ask("backend it still does", by=MANAGER_TWO)
    await player.press("Approve", by=MANAGER_ONE)
    await player.press("Approve", by=MANAGER_TWO)
    await player.until_over()


async def _stop(player: Player) -> None:
    await player.ask("backend API answers 500")
    await player.press("Approve", by=MANAGER_ONE)
    await player.press("Approve", by=MANAGER_TWO)
    await player.press("Stop", by=RESPONDER)
    await player.until_over()


async def _expire(player: Player) -> None:
    await player.ask("backend API answers 500")
    await player.press("Approve", by=MANAGER_ONE)
    await player.until_over()


async def _crash(player: Player) -> None:
    # It takes effect, and the answer stays away: the bot dies knowing that it asked, no more.
    await player.stage.misbehave("railway", kind="hold", seconds=60)
    await player.ask("backend API answers 500")
    await player.press("Approve", by=MANAGER_ONE)
    await player.press("Approve", by=MANAGER_TWO)
    await player.until_effect()
    await player.kill_bot()
    await player.until_over()


async def _lost_answer(player: Player) -> None:
    await player.stage.misbehave("railway", kind="lose_answer")
    await _approve(player)


async def _lie(player: Player) -> None:
    await player.stage.misbehave("vercel", kind="lie")
    await _frontend(player)


async def _half(player: Player) -> None:
    await player.stage.misbehave("railway", kind="refuse")
    await _full(player)


_ALL_PARTS: Final = ("frontend", "backend")
STORIES: Final[Mapping[str, Story]] = MappingProxyType(
    {
        "approve": Story(play=_approve, ends=_succeeded(_BACKEND)),
        "frontend": Story(play=_frontend, ends=_succeeded(_FRONTEND), parts=("frontend",)),
        "full": Story(play=_full, ends=_succeeded(_FRONTEND, _BACKEND), parts=_ALL_PARTS),
        "self-approval": Story(
            play=_self_approval,
            ends=_succeeded(_BACKEND, refusals=["own_request", "not_approver"]),
        ),
        "reject": Story(play=_reject, ends=_unchanged(state="rejected")),
        "unknown-target": Story(
            play=_unknown_target,
            ends=_unchanged(state=None, steps=[], refusals=["unknown_target"]),
        ),
        "busy": Story(play=_busy, ends=_succeeded(_BACKEND, refusals=["busy"])),
        "stop": Story(play=_stop, ends=_unchanged(state="cancelled", approvals=2), speed=1.0),
        "expire": Story(play=_expire, ends=_unchanged(state="expired", approvals=1), speed=300.0),
        "crash": Story(play=_crash, ends=_succeeded(_BACKEND, kills=1)),
        "lost-answer": Story(play=_lost_answer, ends=_succeeded(_BACKEND)),
    }
)
