"""Every message that people must see is shown: the newest content, the most urgent first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import TwokeyError
from bot.domain.people import Account
from bot.domain.target import Place
from bot.ports import Due, Kind, Posting, Rank, Reference, Transaction
from bot.storage.errors import NotRecorded
from bot.storage.store import SqlStore
from tests.bot.storage.samples import (
    DEPLOYS,
    MONDAY,
    ManualClock,
    a_posting,
    a_rollback,
    adding,
)

NOTICE = Reference(DEPLOYS, "1700.1")


@pytest.fixture(autouse=True)
async def _a_rollback(any_store: SqlStore) -> None:
    """Messages are about a rollback that exists."""
    await any_store.write(adding(a_rollback()))


async def show(store: SqlStore, *postings: Posting) -> None:
    """Want these shown, in this order."""

    def work(tx: Transaction) -> None:
        for posting in postings:
            tx.show(posting)

    await store.write(work)


async def due(store: SqlStore) -> list[Due]:
    """Look at what is due."""
    return list(await store.read(lambda tx: tx.due_postings(20)))


async def posted(store: SqlStore, posting: Posting, reference: Reference) -> None:
    """Show what is due of one posting."""
    (mine,) = [one for one in await due(store) if one.posting.key == posting.key]
    await store.write(lambda tx: tx.shown(mine, reference))


async def test_a_wanted_message_is_due_until_it_is_shown(any_store: SqlStore) -> None:
    """A posting is due with all that a platform needs to know, and no more once it was shown."""
    await show(any_store, a_posting())
    (wanted,) = await due(any_store)
    await any_store.write(lambda tx: tx.shown(wanted, NOTICE))

    assert wanted == Due(a_posting(), wanted=1, reference=None, tried=False, failures=0)
    assert await due(any_store) == []
    assert await any_store.read(lambda tx: tx.reference("rb-aaaa", Kind.NOTICE, DEPLOYS)) == NOTICE


async def test_the_newest_content_wins(any_store: SqlStore) -> None:
    """Several changes are one edit, and a change during the edit is another one."""
    await show(any_store, a_posting(), a_posting(), a_posting())
    (first,) = await due(any_store)
    await show(any_store, a_posting())
    await any_store.write(lambda tx: tx.shown(first, NOTICE))
    (second,) = await due(any_store)
    await any_store.write(lambda tx: tx.shown(second, NOTICE))

    assert (first.wanted, first.reference) == (3, None)
    assert (second.wanted, second.reference) == (4, NOTICE)
    assert await due(any_store) == []


async def test_what_is_wanted_is_there_for_whoever_reads_next(any_store: SqlStore) -> None:
    """Changes are sent together, and still before anything in the same transaction reads them."""
    direct = Place.direct(Account("slack", "T00TWOKEY", "U00MANAGER1"))
    asked = replace(a_posting(), kind=Kind.ASK, place=direct)

    def work(tx: Transaction) -> list[object]:
        seen: list[object] = []
        tx.show(asked)
        seen.append(tx.asked_directly("rb-aaaa"))
        tx.show(a_posting())
        (notice,) = [one for one in tx.due_postings(20) if one.posting == a_posting()]
        tx.show(a_posting())
        tx.shown(notice, NOTICE)  # the older content: the newer one is wanted still
        seen.append([one.wanted for one in tx.due_postings(20) if one.posting == a_posting()])
        tx.show(asked)
        return seen

    seen = await any_store.write(work)

    assert seen == [(direct,), [2]]
    assert [one.wanted for one in await due(any_store) if one.posting == asked] == [2]


async def test_a_look_that_wants_something_shown_is_refused(any_store: SqlStore) -> None:
    """Whoever only reads can change nothing, and what they wanted is not lost in silence."""
    with pytest.raises(TwokeyError):
        await any_store.read(lambda tx: tx.show(a_posting()))

    assert await due(any_store) == []


async def test_an_unseen_decision_keeps_its_rank(any_store: SqlStore) -> None:
    """Progress behind a decision nobody has seen yet must not push it back in the queue."""
    await show(any_store, a_posting(rank=Rank.DECISION), a_posting(rank=Rank.PROGRESS))
    (unseen,) = await due(any_store)
    await posted(any_store, a_posting(), NOTICE)
    await show(any_store, a_posting(rank=Rank.PROGRESS))
    (seen,) = await due(any_store)

    assert unseen.posting.rank is Rank.DECISION
    assert seen.posting.rank is Rank.PROGRESS


async def test_the_most_urgent_comes_first(any_store: SqlStore) -> None:
    """Postings of several places come by rank, then in the order in which they were wanted."""
    ask, tell, other = (
        Posting("rb-aaaa", Kind.ASK, Place("slack", "T1", f"@U{n}"), rank=rank)
        for n, rank in enumerate((Rank.DECISION, Rank.END, Rank.END))
    )
    await show(any_store, a_posting(), tell, other, ask)

    limited = await any_store.read(lambda tx: tx.due_postings(3))

    assert [one.posting for one in limited] == [ask, tell, other]


async def test_a_postponed_message_comes_back_in_time(
    any_store: SqlStore, clock: ManualClock
) -> None:
    """A posting that has to wait is not due earlier, even if it changes meanwhile."""
    await show(any_store, a_posting())
    (first,) = await due(any_store)
    until = MONDAY + timedelta(seconds=30)
    await any_store.write(lambda tx: tx.postpone(first, until=until))
    await show(any_store, a_posting())

    waiting = await any_store.read(lambda tx: (tx.due_postings(9), tx.next_posting_at()))
    clock.time = until
    (again,) = await due(any_store)

    assert waiting == ((), until)
    assert (again.wanted, again.failures) == (2, 1)
    assert await any_store.read(lambda tx: tx.next_posting_at()) is None


async def test_a_try_is_remembered_until_it_is_settled(any_store: SqlStore) -> None:
    """A post whose answer was lost is marked as tried; once it is shown the mark is gone."""
    await show(any_store, a_posting())
    (first,) = await due(any_store)
    await any_store.write(lambda tx: tx.try_posting(first))
    (tried,) = await due(any_store)
    await any_store.write(lambda tx: tx.shown(tried, NOTICE))
    await show(any_store, a_posting())
    (later,) = await due(any_store)

    assert (tried.tried, later.tried) == (True, False)


async def test_a_message_that_is_gone_is_posted_anew(any_store: SqlStore) -> None:
    """It is forgotten where the notice stood, and the card of its thread comes along."""
    card = Posting("rb-aaaa", Kind.CARD, DEPLOYS)
    await show(any_store, a_posting())
    await posted(any_store, a_posting(), NOTICE)
    await show(any_store, card)
    await posted(any_store, card, Reference(DEPLOYS, "1700.2"))

    await any_store.write(lambda tx: tx.post_anew(a_posting()))

    (notice,) = await due(any_store)
    await posted(any_store, a_posting(), Reference(DEPLOYS, "1700.3"))
    (anew,) = await due(any_store)
    assert (notice.posting.kind, notice.reference, notice.tried) == (Kind.NOTICE, None, False)
    assert (anew.posting.kind, anew.reference) == (Kind.CARD, None)


async def test_a_notice_that_can_not_be_shown_hides_no_thread(any_store: SqlStore) -> None:
    """What belongs under a notice that was set aside is shown all the same."""
    await show(any_store, a_posting())
    await show(any_store, Posting("rb-aaaa", Kind.SUMMARY, DEPLOYS))
    (notice,) = await due(any_store)

    await any_store.write(lambda tx: tx.give_up(notice, "it can't be drawn"))

    assert [one.posting.kind for one in await due(any_store)] == [Kind.SUMMARY]


async def test_a_hopeless_message_is_set_aside(any_store: SqlStore) -> None:
    """What its platform does not accept is due again only when there is something new to say."""
    await show(any_store, a_posting())
    (hopeless,) = await due(any_store)

    await any_store.write(lambda tx: tx.give_up(hopeless, "the channel is archived"))
    set_aside = await due(any_store)
    await show(any_store, a_posting())

    assert set_aside == []
    assert [one.wanted for one in await due(any_store)] == [2]


async def test_nothing_to_show_is_shown(any_store: SqlStore) -> None:
    """A posting without words is done with and stands nowhere."""
    await show(any_store, a_posting())
    (empty,) = await due(any_store)

    await any_store.write(lambda tx: tx.shown(empty, None))

    assert await due(any_store) == []
    assert await any_store.read(lambda tx: tx.reference("rb-aaaa", Kind.NOTICE, DEPLOYS)) is None


async def test_a_click_is_checked_against_what_was_posted(any_store: SqlStore) -> None:
    """A message is ours only with its own id, in the channel it landed in, for its rollback."""
    ask = Posting("rb-aaaa", Kind.ASK, Place("slack", "T1", "U1"))
    direct = Place("slack", "T1", "D1")
    await show(any_store, ask)
    await posted(any_store, ask, Reference(direct, "1700.5"))

    async def stands(rollback_id: str, place: Place, message: str) -> bool:
        return await any_store.read(lambda tx: tx.stands_at(rollback_id, place, message))

    assert await stands("rb-aaaa", direct, "1700.5")
    assert not await stands("rb-bbbb", direct, "1700.5")
    assert not await stands("rb-aaaa", Place("slack", "T2", "D1"), "1700.5")
    assert not await stands("rb-aaaa", ask.place, "1700.5")
    assert not await stands("rb-aaaa", direct, "1700.6")


async def test_a_click_may_overtake_the_message(any_store: SqlStore) -> None:
    """What was sent and not noted yet may be pressed, where it was sent to and only then."""
    direct = Place("slack", "T1", "D1")
    stands: list[tuple[bool, bool]] = []

    async def look() -> None:
        there, elsewhere = await any_store.read(
            lambda tx: (
                tx.stands_at("rb-aaaa", DEPLOYS, "1700.5"),
                tx.stands_at("rb-aaaa", direct, "1700.5"),
            )
        )
        stands.append((there, elsewhere))

    await show(any_store, a_posting())
    await show(any_store, Posting("rb-aaaa", Kind.CARD, DEPLOYS))
    await look()
    (notice,) = await due(any_store)
    await any_store.write(lambda tx: tx.try_posting(notice))
    await look()
    await posted(any_store, notice.posting, Reference(DEPLOYS, "1700.1"))
    await look()

    assert stands == [(False, False), (True, False), (False, False)]


async def test_a_message_is_about_something(any_store: SqlStore) -> None:
    """A posting for a rollback that does not exist is not recorded."""
    with pytest.raises(NotRecorded):
        await show(any_store, Posting("rb-none", Kind.NOTICE, DEPLOYS))


async def test_what_two_processes_showed_is_shown_once_more(any_store: SqlStore) -> None:
    """Whoever shows an older content late has it replaced by the newest, in the same message."""
    await show(any_store, a_posting())
    (old,) = await due(any_store)
    await show(any_store, a_posting())
    (new,) = await due(any_store)

    await any_store.write(lambda tx: tx.shown(new, NOTICE))
    await any_store.write(lambda tx: tx.shown(old, Reference(DEPLOYS, "1700.2")))

    (again,) = await due(any_store)
    assert (again.wanted, again.reference) == (3, NOTICE)
