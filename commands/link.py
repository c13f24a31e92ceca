"""``/rollback link``: prove that an account in another chat is one's own, too."""

import secrets
from typing import Final

from bot.domain.link import LENGTH, LETTERS, Offer, grouped, read_code
from bot.domain.people import LINKING
from bot.engine import link
from bot.engine.core import Engine
from bot.invocation import Answer, Command, Invocation, Option
from bot.message import Code, Fact, Facts, Line, Message, Note, Strong, When

_NAMES: Final = {"slack": "On Slack", "discord": "On Discord"}
_BEHIND: Final = {"slack": " ", "discord": " code:"}  # on Discord, parts are filled in by name


def new_code() -> str:
    """Return a code that nobody can foresee."""
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


async def handle(engine: Engine, invocation: Invocation) -> Answer:
    """Give a code, or take the one that another account was given."""
    typed = invocation.fields.get("code") or invocation.text
    if typed.strip():
        return await _prove(engine, invocation, read_code(typed))
    code = new_code()
    offer = await link.offer(engine, invocation, code=code)
    return Answer(_offered(engine, offer, grouped(code)))


def _offered(engine: Engine, offer: Offer, code: str) -> Message:
    platforms = link.elsewhere(engine, offer.account)
    text = (
        f"Your code is {code}. Type it with your other account within ten minutes, and give it to "
        "nobody: whoever types it passes for you."
    )
    return Message(
        text,
        (
            Line((Strong(code), " is your code. Type it with your other account:")),
            Facts(
                tuple(
                    Fact(_NAMES[one], (Code(f"{LINKING[one]}{_BEHIND[one]}{code}"),))
                    for one in platforms
                )
            ),
            Line(("Give it to nobody: whoever types it passes for you.",)),
            Note(("Good once, until ", When(offer.good_until))),
        ),
    )


async def _prove(engine: Engine, invocation: Invocation, code: str) -> Answer:
    proof = await link.prove(engine, invocation, code=code)
    one, other = engine.people.find(proof.account), engine.people.find(proof.other)
    pair = f"{proof.account} and {proof.other} are one human's"
    if one is not None and other is not None:
        following = f"The people map says so already: both are {one.name}."
    else:
        following = "Nothing changes before an operator puts that into twokey.yaml."
    warning = "If somebody else gave you this code, tell an operator now: they would pass for you."
    return Answer(
        Message(
            f"Proven: {pair}. {following} {warning}",
            (
                Line(("Proven: ", Code(str(proof.account)), " and ", Code(str(proof.other)))),
                Line((f"They are one human's. {following}",)),
                Line((warning,)),
            ),
        )
    )


COMMANDS: Final = (
    Command(
        verb="link",
        handle=handle,
        typed=True,
        usage="link [code]",
        help="show that an account in another chat is yours, too",
        options=(Option("code", "what your other account was told; without it, you get one"),),
    ),
)
