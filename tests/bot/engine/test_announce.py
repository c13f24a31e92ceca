"""Who is shown what after something happened."""

from dataclasses import replace
from pathlib import Path

from bot.domain.people import People, Person
from bot.engine.announce import MOST_ASKED
from bot.ports import Kind
from tests.bot.engine.world import EVERYONE, World, account, shop, world

MANAGERS = tuple(f"manager-{n}" for n in range(MOST_ASKED + 2))
PEOPLE = People(Person(key, key.title(), (account(key),)) for key in ("responder", *MANAGERS))


async def asked(here: World) -> set[str]:
    """Return whose direct messages show the card, or are to show it."""
    due = await here.engine.store.read(lambda tx: tx.due_postings(100))
    places = [one.posting.place for one in due if one.posting.kind is Kind.ASK]
    return {place.person.user for place in places if place.person}


async def test_whoever_approves_gets_the_card_in_private(tmp_path: Path) -> None:
    """An approver beyond the first five is not asked, but can withdraw after approving."""
    target = replace(shop(), approvers=MANAGERS)
    async with world(tmp_path, target, people=PEOPLE) as here:
        rollback = await here.ask_for()
        rollback = await here.until(rollback.id, lambda r: r.state == "pending")
        assert await asked(here) == set(MANAGERS[:MOST_ASKED])
        await here.post_card(rollback.id)
        await here.press("approve", MANAGERS[-1], rollback)
        assert await asked(here) == {*MANAGERS[:MOST_ASKED], MANAGERS[-1]}


async def test_a_card_is_kept_up_where_it_stands(tmp_path: Path) -> None:
    """The card in an account that is nobody's by now changes with all others, and is no new one."""
    async with world(tmp_path) as here:
        rollback = await here.ask()
        clock = here.clock
        assert await asked(here) == set()
    others = (one for one in EVERYONE.everybody if one.key != "manager-one")
    moved = Person("manager-one", "Manager One", (account("another"),))
    async with world(tmp_path, people=People((*others, moved)), clock=clock) as here:
        await here.press("reject", "manager-two", rollback)
        assert await asked(here) == {"manager-one", "manager-two", "another"}
