"""What became of a story: facts from outside the bot wherever there is an outside."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from bot.domain.rollback import Rollback
from bot.workspace.demo import books
from bot.workspace.demo.player import Player
from bot.workspace.demo.sides import SIDES

Facts = dict[str, Any]


async def is_healthy(player: Player, parts: Sequence[str]) -> bool:
    """Ask the shop itself whether all these parts of it serve their visitors."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answers = [await http.get(player.stage.addresses[part]) for part in parts]
    return all(answer.is_success for answer in answers)


async def gather(player: Player, parts: Sequence[str], *, was_healthy: bool) -> Facts:
    """Return what is known once it is over."""
    rollback = await books.newest(player.store, player.known)
    voters = [vote.person for vote in rollback.standing] if rollback else []
    states = {name: await hands.state() for name, hands in player.hands.items()}
    return {
        "state": str(rollback.state) if rollback else None,
        "approvals": len(voters),
        "requester_approved": rollback is not None and rollback.requester in voters,
        "refusals": await books.refusals(player.store, player.known),
        "effects": player.stage.effects(),
        "kills": player.kills,
        "steps": list(_steps(rollback)) if rollback else [],
        "healthy_before": was_healthy,
        "healthy_after": await is_healthy(player, parts),
        "summary_posted": _has_summary(states) and player.transcript.has_said("Summary · "),
        "seconds": round(player.transcript.seconds, 1),
    }


async def flaws(player: Player) -> list[str]:
    """Say what may be wrong at no end: a button that still decides, a message that came twice."""
    found: list[str] = []
    for name, hands in player.hands.items():
        side, state = SIDES[name], await hands.state()
        found += [
            f"{who} still sees a button {label} on {side.title}"
            for who in side.people
            for label in ("Approve", "Stop")
            if side.button(state, who=who, label=label)
        ]
        keys = Counter(side.identity(message) for _, message in side.everything(state))
        found += [f"{key} was posted {n} times" for key, n in keys.items() if key and n > 1]
    return [*found, *(await player.store.verify_chain()).problems]


def _has_summary(states: Mapping[str, Facts]) -> bool:
    """Tell whether every chat shows it."""
    first = {
        name: [
            lines[0]
            for _, one in SIDES[name].everything(state)
            if (lines := SIDES[name].lines(one))
        ]
        for name, state in states.items()
    }
    return all(any(line.startswith("Summary · ") for line in each) for each in first.values())


def differences(facts: Facts, ends: Mapping[str, Any]) -> list[str]:
    """Say what is not as the story has to end."""
    steps = [{key: step[key] for key in ("use", "state")} for step in facts["steps"]]
    seen = facts | {"steps": steps}
    return [
        f"{name}: expected {wanted}, saw {seen[name]}"
        for name, wanted in ends.items()
        if seen[name] != wanted
    ]


def sentence(name: str, parts: Sequence[str], facts: Facts, *, is_good: bool) -> str:
    """Say in one plain sentence how a story ended."""
    if not is_good:
        return f"The story {name} did not end as it should; see the lines above."
    state, effects = facts["state"], facts["effects"]
    match state:
        case None:
            what = "no rollback began"
        case "succeeded":
            what = f"{' and '.join(parts)} {'were' if len(parts) > 1 else 'was'} rolled back"
        case _:
            what = f"the rollback is {state}"
    times = "each effect once" if effects else "nothing was changed"
    return f"The story {name} ended as it should: {what}, {times}."


def _steps(rollback: Rollback) -> Iterator[Facts]:
    uses = {step.name: step.use for step in rollback.plan.steps} if rollback.plan else {}
    for run in rollback.steps:
        seconds = None if run.seconds is None else round(run.seconds, 1)
        yield {"use": uses[run.name], "state": str(run.state), "seconds": seconds}
