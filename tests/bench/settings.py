"""The bot's ``twokey.yaml``, with as many targets as a round needs.

One open rollback per target is the rule, and the bot posts at most one message a second in a
channel and edits 45 a minute. So every command of a round has a target, a channel and approvers
of its own: nothing that a round measures waits for a pace that Slack sets.
"""

from collections.abc import Iterator
from pathlib import Path

from bot.workspace.slack import seed

REQUESTER = "U00RESPONDER"
APPROVERS = 3  # any two of them are left if the third one asks


def channel(number: int) -> str:
    """Return where the target with this number is rolled back."""
    return f"C00BENCH{number:04}"


def approver(number: int, *, place: int, targets: int) -> str:
    """Return one of the approvers of a target; they sit in a ring, each approves for three."""
    return f"U00BENCH{(number + place) % max(targets, APPROVERS):04}"


def write_settings(folder: Path, *, provider: str, targets: int, pairs: int) -> Path:
    """Write the file; the last ``pairs`` targets have a step at either provider."""
    path = folder / "twokey.yaml"
    path.write_text("\n".join(_lines(provider, targets=targets, pairs=pairs)) + "\n")
    return path


def _lines(provider: str, *, targets: int, pairs: int) -> Iterator[str]:
    team = seed.TEAM["id"]
    yield "version: 1"
    yield "database: sqlite:///twokey.db"
    yield f"slack: {{team: {team}, bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}}"
    yield "secrets: {VERCEL_TOKEN: env:VERCEL_TOKEN, RAILWAY_TOKEN: env:RAILWAY_TOKEN}"
    yield f"endpoints: {{vercel: {provider}, railway: {provider}}}"
    yield "policy: {start_delay: 0s}"
    yield "people:"
    for key in (REQUESTER, *(f"U00BENCH{n:04}" for n in range(max(targets, APPROVERS)))):
        yield f"  {key.lower()}: {{name: {key}, accounts: [slack:{team}/{key}]}}"
    yield "targets:"
    for number in range(targets):
        keys = (approver(number, place=n, targets=targets).lower() for n in range(APPROVERS))
        yield f"  - name: shop{number}"
        yield "    environment: production"
        yield "    affected: Frontend"
        yield f"    channel: slack:{team}/{channel(number)}"
        yield f"    approvers: [{', '.join(keys)}]"
        yield "    steps:"
        yield f"      - {{name: pages, use: vercel.rollback, project: shop{number}}}"
        if number >= targets - pairs:
            service = f"project: shop, service: api{number}, environment: production"
            yield f"      - {{name: api, use: railway.rollback, {service}}}"
