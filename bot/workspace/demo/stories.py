"""The stories: what people do in each, and everything that must be true at its end."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from bot.workspace.demo.player import MANAGER_ONE, MANAGER_TWO, OUTSIDER, RESPONDER, Player

Deed = Callable[[Player], Awaitable[None]]
Facts = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Story:
    """Deeds in order, and how they have to end."""

    deeds: tuple[Deed, ...]
    ends: Facts
    parts: tuple[str, ...] = ("backend",)  # of the shop, all broken before
    speed: float = 10.0  # of the bot's time


def _asks(text: str, *, by: str = RESPONDER) -> Deed:
    return partial(Player.ask, text=text, by=by)


def _presses(who: str, label: str) -> Deed:
    return partial(Player.press, label=label, by=who)


def _provider(name: str, **how: object) -> Deed:
    async def misbehaves(player: Player) -> None:
        await player.stage.misbehave(name, **how)

    return misbehaves


def _succeeded(*uses: str, **otherwise: object) -> Facts:
    facts: dict[str, Any] = {
        "state": "succeeded",
        "approvals": 2,
        "requester_approved": False,
        "refusals": [],
        "effects": dict.fromkeys(uses, 1),
        "kills": 0,
        "steps": [{"use": use, "state": "done"} for use in uses],
        "healthy_before": False,
        "healthy_after": True,
        "summary_posted": True,
    }
    return facts | otherwise


def _unchanged(**otherwise: object) -> Facts:
    steps = [{"use": _BACKEND, "state": "not_started"}]
    nothing = {"effects": {}, "steps": steps, "healthy_after": False, "summary_posted": False}
    return {**_succeeded(), "approvals": 0, **nothing, **otherwise}


_FRONTEND: Final = "vercel.rollback"
_BACKEND: Final = "railway.rollback"

_ASKED: Final = _asks("backend API answers 500")
_ONE_APPROVES: Final = _presses(MANAGER_ONE, "Approve")
_BOTH_APPROVE: Final = (_ONE_APPROVES, _presses(MANAGER_TWO, "Approve"))
_END: Final = Player.wait_for_end

STORIES: Final[Mapping[str, Story]] = MappingProxyType(
    {
        "approve": Story(deeds=(_ASKED, *_BOTH_APPROVE, _END), ends=_succeeded(_BACKEND)),
        "frontend": Story(
            deeds=(_asks("frontend the shop is a white page"), *_BOTH_APPROVE, _END),
            ends=_succeeded(_FRONTEND),
            parts=("frontend",),
        ),
        "full": Story(
            deeds=(_asks("full nobody can buy anything"), *_BOTH_APPROVE, _END),
            ends=_succeeded(_FRONTEND, _BACKEND),
            parts=("frontend", "backend"),
        ),
        "self-approval": Story(
            deeds=(
                _ASKED,
                _presses(RESPONDER, "Approve"),
                _presses(OUTSIDER, "Approve"),
                *_BOTH_APPROVE,
                _END,
            ),
            ends=_succeeded(_BACKEND, refusals=["own_request", "not_approver"]),
        ),
        "reject": Story(
            deeds=(
                _ASKED,
                _presses(MANAGER_ONE, "Reject…"),
                partial(Player.fill_in, answer="The fix is already merged", by=MANAGER_ONE),
                _END,
            ),
            ends=_unchanged(state="rejected"),
        ),
        "unknown-target": Story(
            deeds=(_asks("backnd API answers 500"),),
            ends=_unchanged(state=None, steps=[], refusals=["unknown_target"]),
        ),
        "busy": Story(
            deeds=(_ASKED, _asks("backend still 500", by=MANAGER_TWO), *_BOTH_APPROVE, _END),
            ends=_succeeded(_BACKEND, refusals=["busy"]),
        ),
        "stop": Story(
            deeds=(_ASKED, *_BOTH_APPROVE, _presses(RESPONDER, "Stop"), _END),
            ends=_unchanged(state="cancelled", approvals=2),
            speed=1.0,  # the start delay leaves people the time to press it
        ),
        "expire": Story(
            deeds=(_ASKED, _ONE_APPROVES, _END),
            ends=_unchanged(state="expired", approvals=1),
            speed=300.0,  # half an hour in six seconds
        ),
        "lost-answer": Story(
            deeds=(_provider("railway", kind="lose_answer"), _ASKED, *_BOTH_APPROVE, _END),
            ends=_succeeded(_BACKEND),
        ),
        # It takes effect, its answer stays away: the bot dies knowing only that it asked.
        "crash": Story(
            deeds=(
                _provider("railway", kind="hold", seconds=60),
                *(_ASKED, *_BOTH_APPROVE, Player.kill_bot, _END),
            ),
            ends=_succeeded(_BACKEND, kills=1),
        ),
    }
)
