"""What became of a story: facts from outside the bot wherever there is an outside."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from bot.domain.rollback import Rollback
from bot.workspace.demo import books
from bot.workspace.demo.config import DEPLOYS
from bot.workspace.demo.player import Player, find_button
from bot.workspace.slack.seed import PEOPLE

Facts = dict[str, Any]


async def is_healthy(player: Player, parts: Sequence[str]) -> bool:
    """Ask the shop itself whether all these parts of it serve their visitors."""
    shop = (await player.people.state())["shop"]
    return all(shop[part]["healthy"] for part in parts)


async def gather(player: Player, parts: Sequence[str], *, was_healthy: bool) -> Facts:
    """Return what is known once it is over."""
    rollback = await books.newest(player.store)
    voters = [vote.person for vote in rollback.standing] if rollback else []
    posted = await player.people.messages(DEPLOYS)
    return {
        "state": str(rollback.state) if rollback else None,
        "approvals": len(voters),
        "requester_approved": rollback is not None and rollback.requester in voters,
        "refusals": await books.refusals(player.store),
        "effects": player.stage.effects(),
        "kills": player.kills,
        "steps": list(_steps(rollback)) if rollback else [],
        "healthy_before": was_healthy,
        "healthy_after": await is_healthy(player, parts),
        "summary_posted": any(":summary:" in str(message.get("metadata")) for message in posted),
        "seconds": round(player.transcript.seconds, 1),
    }


async def flaws(player: Player) -> list[str]:
    """Say what may be wrong at no end: a button that still decides, a message that came twice."""
    state = await player.people.state()
    left = [
        f"{name} still sees a button {label}"
        for user, name in PEOPLE.items()
        for label in ("Approve", "Stop")
        if find_button(state, user=user, label=label)
    ]
    everything = chain(*state["messages"].values())
    keys = Counter(str(one["metadata"]) for one in everything if "metadata" in one)
    twice = [f"{key} was posted {times} times" for key, times in keys.items() if times > 1]
    return [*left, *twice, *(await player.store.verify_chain()).problems]


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
