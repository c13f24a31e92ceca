"""What must be true in the end, whenever the bot died: read beside the bot, never asked of it."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from bot.clock import SystemClock
from bot.storage.chain import load_or_create_key
from bot.storage.store import SqlStore
from tests.conftest import specifications
from tests.prove.crash.cases import Story
from tests.prove.crash.house import House
from tests.prove.crash.people import Crowd
from tests.recorder.arrived import arrived, hear
from tests.recorder.recorder import the_recorder

USES: Final = {"pages": "vercel.rollback", "api": "railway.rollback"}
EFFECTS: Final = {"done": 1, "unverified": 1, "failed": 0, "not_started": 0, "stale": 0}
DECIDING: Final = {
    *("Approve", "Reject…", "Cancel", "Withdraw", "Stop", "It happened", "It did not"),
}
KEYS: Final = {"responder": "Responder", "manager-one": "Manager One", "manager-two": "Manager Two"}
# What the notice says first, by the state that the database holds: as a sentence, or as a heading.
SAID: Final = {
    "succeeded": ("is rolled back", "🟢 ROLLED BACK"),
    "rejected": ("is not rolled back", "REJECTED"),
    "cancelled": ("is not rolled back", "CANCELLED"),
    "expired": ("is not rolled back", "EXPIRED"),
}
NO_CLAIM: Final = {"rejected", "cancelled", "expired"}


async def flaws(house: House, crowd: Crowd, story: Story) -> list[str]:
    """Say everything that is not as it has to be; the bot has ended by now."""
    return [
        *_end(house, story),
        *_effects(house),
        *_decisions(house, crowd),
        *_history(house),
        *_messages(house),
        *_buttons(house),
        *_private(house),
        *await _chain(house),
        *_nonsense(house),
    ]


def _end(house: House, story: Story) -> Iterator[str]:
    state = house.books.state()
    rollbacks = house.books.column("SELECT count(*) FROM rollbacks")
    if rollbacks != [1]:
        yield f"{rollbacks[0]} rollbacks were made of one request"
    # Dead between the intent and the call, a call is proven not to have happened: Vercel's, which
    # leads to the same end however often, is sent once more, Railway's is left to people.
    was_lost = _lost(house, "api") > 0 or _lost(house, "pages") > 1
    allowed = story.ends | ({"partial", "failed"} if was_lost else frozenset())
    if state not in allowed:
        yield f"it ended as {state}, which is none of {', '.join(sorted(allowed))}"


def _lost(house: House, step: str) -> int:
    """Count the deaths behind an intent of this step whose call had no effect."""
    return sum(
        left.steps.get(step) == "running" and not left.effects.get(USES[step])
        for left in house.journals
    )


def _effects(house: House) -> Iterator[str]:
    seen, state = house.effects(), house.books.state()
    recorded = house.books.steps()
    for step, use in USES.items():
        count, journal = seen.get(use, 0), recorded.get(step, "not_started")
        if count != EFFECTS.get(journal):
            yield f"{use} took effect {count} times, and the journal says {journal}"
        if state == "succeeded" and count != 1:
            yield f"it is said to have succeeded, and {use} took effect {count} times"
        if state in NO_CLAIM and count:
            yield f"it ended as {state}, and {use} took effect"
    is_well = all(one.serving.works for one in house.providers.values())
    if state == "succeeded" and not is_well:
        yield "it is said to have succeeded, and the shop does not work"


def _decisions(house: House, crowd: Crowd) -> Iterator[str]:
    """Every press that was acknowledged is in the books: as a decision, or as its refusal."""
    voters = {KEYS[key] for key in house.books.column("SELECT person FROM approvals")}
    deeds = "SELECT person FROM audit WHERE person IS NOT NULL AND kind IN "
    ended = {KEYS[key] for key in house.books.column(f"{deeds}('ended', 'stop_asked')")}
    settled = {KEYS[key] for key in house.books.column(f"{deeds}('step_settled')")}
    refused = house.books.column("SELECT account FROM audit WHERE kind = 'refused_delivery'")
    decided = {"Approve": voters, "Reject…": ended, "Stop": ended, "It happened": settled}
    for press in crowd.acknowledged:
        is_refused = any(account.endswith(house.chat.side.people[press.who]) for account in refused)
        if not is_refused and press.who not in decided.get(press.label, {press.who}):
            yield f"{press.who}'s “{press.label}” was acknowledged, and is not in the books"
    if house.books.state() == "cancelled" and any(house.effects().values()):
        yield "it was stopped before it began, and something took effect"


def _history(house: House) -> Iterator[str]:
    kinds = Counter(house.books.column("SELECT kind FROM audit"))
    claims = 0 if house.books.state() in NO_CLAIM else 1
    for kind, wanted in {"requested": 1, "planned": 1, "ended": 1, "claimed": claims}.items():
        if kinds[kind] != wanted:
            yield f"the audit holds {kinds[kind]} times “{kind}” instead of {wanted}"
    for kind in ("quorum", "reminded", "step_in_doubt", "step_settled"):
        if kinds[kind] > 1:
            yield f"the audit holds {kinds[kind]} times “{kind}”"
    locked = house.books.column("SELECT count(*) FROM locks")
    if house.books.state() in {"succeeded", *NO_CLAIM} and locked != [0]:
        yield "what it touched is still locked"


def _messages(house: House) -> Iterator[str]:
    """Every message that the outbox holds hangs there, once, where it says, and no other."""
    chat = house.chat
    rows = house.books.rows("SELECT key, kind, posted_message, given_up FROM outbox")
    known = {row["key"] for row in rows}
    posted = [(chat.key(one, known), one) for one in chat.posted()]
    keys = Counter(key for key, _ in posted)
    yield from chat.unfinished()
    yield from (f"{key} was posted {count} times" for key, count in keys.items() if count > 1)
    standing = {row["key"] for row in rows if row["posted_message"]}
    yield from (f"{key} is noted as posted, and is not there" for key in standing - keys.keys())
    yield from (f"{key} is there, and not noted" for key in keys.keys() - standing)
    yield from (f"{row['key']} was given up: {row['given_up']}" for row in rows if row["given_up"])
    kinds = Counter(key.split(":")[1] for key in keys if ":" in key)
    is_over = house.books.state() not in NO_CLAIM
    for kind in ("notice", "card", *(("summary", "ending") if is_over else ())):
        if kinds[kind] != 1:
            yield f"there are {kinds[kind]} messages “{kind}” instead of one"
    words = SAID.get(house.books.state())
    said = [chat.headline(one) for key, one in posted if ":notice:" in key]
    if said and words and not any(each in said[0] for each in words):
        yield f"the notice says “{said[0]}”, and it ended as {house.books.state()}"


def _buttons(house: House) -> Iterator[str]:
    for message in house.chat.posted():
        left = DECIDING & house.chat.side.buttons(message).keys()
        if left:
            words = house.chat.headline(message)[:40]
            yield f"“{words}” still offers {', '.join(sorted(left))}"


def _private(house: House) -> Iterator[str]:
    """Nobody was told in private that something broke."""
    side = house.chat.side
    for _, message in side.everything(house.chat.state()):
        if "went wrong on our side" in " ".join(side.lines(message)):
            yield "somebody was told that something went wrong on our side"


async def _chain(house: House) -> list[str]:
    key = load_or_create_key(house.folder / "audit.key")
    store = SqlStore(house.books.url, clock=SystemClock(), audit_key=key)
    await store.open()
    try:
        return [f"audit: {problem}" for problem in (await store.verify_chain()).problems]
    finally:
        await store.close()


def _nonsense(house: House) -> Iterator[str]:
    recorder = the_recorder(specifications()).aside("tests/prove/crash")
    hear(recorder, arrived(house.folder))
    if complaints := recorder.taken_complaints():
        yield complaints
