"""What people sign with a key of their own: checked when it comes, and again before the claim.

Nobody vouches for who types on a command line, so the signature does. It is good for one act, for
a few minutes, and once. It stays in the audit entry: the claim believes it, and not the entry.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NoReturn

from bot.domain.act import GOOD_FOR, Act, Statement
from bot.domain.errors import Refusal, Refused
from bot.domain.event import Event, Happening
from bot.domain.people import Account
from bot.domain.rollback import Rollback
from bot.engine.core import Engine
from bot.invocation import Invocation
from bot.ports import Transaction

_TEXT: Final = "signed"
_SIGNATURE: Final = "signature"

Believes = Callable[[Event], bool]


def check_signed(engine: Engine, invocation: Invocation, act: Act | None) -> None:
    """Refuse a key's invocation unless that key signed exactly this act; others sign nothing."""
    account, proof = invocation.account, invocation.proof
    if not account.is_key and proof is None and not invocation.place.is_terminal:
        return
    if not account.is_key or proof is None or not invocation.place.is_terminal:
        _refuse("On the command line a decision is signed with one's own key, and this one is not.")
    if act is None:
        _refuse("This can't be done with a key, only in a chat.", Refusal.BAD_REQUEST)
    if not _is_good(engine, account, text=proof.text, signature=proof.signature):
        _refuse("The signature is not good.")
    statement = Statement.parse(proof.text)
    if statement.act != act or not statement.is_of(account):
        _refuse("What was signed is not what is asked for.")
    if statement.delivery != invocation.delivery:
        _refuse("What was signed came under another name.")


def check_current(tx: Transaction, invocation: Invocation) -> None:
    """Refuse what was signed too long ago to be meant now, or for another store."""
    proof = invocation.proof
    if proof is None:
        return
    statement = Statement.parse(proof.text)
    if not statement.is_fresh(tx.now):
        _refuse("The signature is older than five minutes, or from another time.")
    if statement.store != tx.mark:
        _refuse("The signature is for another database, or another audit key.")


def signed_id(invocation: Invocation) -> str:
    """Return which rollback the signed text is about; nothing without one that can be read."""
    try:
        return Statement.parse(invocation.proof.text).act.rollback if invocation.proof else ""
    except Refused:
        return ""  # whoever checks the signature refuses it, and writes that down


def kept(invocation: Invocation) -> dict[str, str]:
    """Return what the audit entry keeps of it; nothing where nothing was signed."""
    proof = invocation.proof
    return {} if proof is None else {_TEXT: proof.text, _SIGNATURE: proof.signature}


def believer(
    tx: Transaction, engine: Engine, rollback: Rollback, *, is_any_age: bool = False
) -> Believes:
    """Return what tells which entries of the chain may be believed in this store at this moment."""
    at = None if is_any_age else tx.now
    return partial(_counts, engine, rollback, store=tx.mark, at=at)


def _counts(
    engine: Engine, rollback: Rollback, event: Event, *, store: str, at: datetime | None
) -> bool:
    """Tell whether it is of an account of that person, and if that is a key, signed with it.

    Whoever can write entries, even with their seals, can't sign for somebody else's key.
    """
    own = engine.people.named(event.person or "").accounts
    account = next((one for one in own if str(one) == event.account), None)
    if account is None or not account.is_key:
        return account is not None
    text, signature = event.details.get(_TEXT, ""), event.details.get(_SIGNATURE, "")
    if not _is_good(engine, account, text=text, signature=signature):
        return False
    try:
        statement = Statement.parse(text)
    except Refused:
        return False
    is_theirs = statement.is_of(account) and statement.is_fresh(event.at)
    is_here = statement.store == store and not _is_too_old(engine, rollback, statement, at)
    return is_theirs and is_here and _says(statement.act, event, rollback)


def _is_too_old(
    engine: Engine, rollback: Rollback, statement: Statement, at: datetime | None
) -> bool:
    """Tell whether no rollback that was asked for when this was signed can still start."""
    target = engine.target(name=rollback.target, environment=rollback.environment)
    if at is None or target is None:
        return at is not None
    policy = target.policy
    longest = policy.approve_ttl + policy.start_delay + policy.exec_ttl + GOOD_FOR
    return at - statement.at > longest


def _says(act: Act, event: Event, rollback: Rollback) -> bool:
    """Tell whether this is what was signed."""
    if event.kind is Happening.REQUESTED:
        asked = Act(
            verb="rollback",
            rollback=rollback.id,
            target=rollback.target,
            environment=rollback.environment,
            version=rollback.wanted,
            words=act.words,  # the reason may still change
        )
        return act == asked
    return act == Act("approve", rollback.id, event.details.get("digest", ""))


def _is_good(engine: Engine, account: Account, *, text: str, signature: str) -> bool:
    if engine.verifier is None or account.tenant != "ed25519":
        return False
    return engine.verifier.is_good(key=account.user, text=text, signature=signature)


def _refuse(problem: str, code: Refusal = Refusal.TAMPERED) -> NoReturn:
    raise Refused(code, f"{problem} Nothing was changed. Do it again with twokey on this machine.")
