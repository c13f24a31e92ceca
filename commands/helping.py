"""``/rollback help``: a few lines that fit a phone."""

from typing import Final

from bot.domain.people import LINKING
from bot.engine import link
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation
from bot.message import Code, Fact, Facts, Line, Message, Note

_STATUS: Final = {"discord": "/twokey status", "terminal": "twokey status"}


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Say what can be typed, and which targets there are."""
    known = engine.targets_of(invocation.place)
    here = [t.name for t in known if invocation.place in t.channels]
    elsewhere = [t.name for t in known if invocation.place not in t.channels]
    example = (here or elsewhere or ["backend"])[0]
    facts = [
        Fact("Ask", (Code(f"/rollback {example} API answers 500"),)),
        Fact("A version", (Code(f"/rollback {example} to v41 login is broken"),)),
        Fact("What runs", (Code(_STATUS.get(invocation.place.platform, "/rollback status")),)),
        Fact("Targets here", (", ".join(here) or "none",)),
    ]
    linking = LINKING.get(invocation.account.platform)
    if linking and link.elsewhere(engine, invocation.account):
        facts.insert(-1, Fact("Accounts", (Code(linking),)))
    if elsewhere:
        facts.append(Fact("In other channels", (", ".join(elsewhere),)))
    return Answer(
        Message(
            "How to ask for a rollback.",
            (
                Line(("Two people press Approve in the thread; then it runs.",)),
                Facts(tuple(facts)),
                Note(("Nobody approves their own request. Its card has Stop and Withdraw.",)),
            ),
        )
    )


COMMANDS: Final = (
    Command(verb="help", handle=handle, typed=True, usage="help", help="these lines"),
)
