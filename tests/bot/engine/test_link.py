"""Two accounts are proven one human's: by a code, once, from full members, and by no guessing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.event import Happening
from bot.domain.link import MOST_WRONG, Proof, proofs
from bot.domain.people import Account, Membership, People, Person
from bot.engine import decide, link
from bot.message import Ticket
from tests.bot.builders import DEPLOYS, NOON
from tests.bot.engine.linking import (
    CODE,
    SERVER,
    WRONG,
    offer,
    on_discord,
    prove,
    refusal,
    strays,
)
from tests.bot.engine.world import EVERYBODY, EVERYONE, World, account, world

BOTH_KNOWN = People(
    Person(key, key.title(), (account(key), Account(*SERVER, key))) for key in EVERYBODY
)
TWO_PEOPLE = People(
    [*EVERYONE.everybody, Person("somebody", "Somebody Else", (Account(*SERVER, "manager-one"),))]
)


class Looks:
    """A directory of full members that remembers who was looked up."""

    def __init__(self) -> None:
        self.asked: list[Account] = []

    async def membership(self, account: Account) -> Membership:
        self.asked.append(account)
        return Membership.FULL


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """A world in which everybody is known on Slack, and nobody on Discord."""
    async with world(tmp_path) as here:
        yield here


async def test_a_code_proves_it(here: World) -> None:
    """Whoever repeats the code with another account has proven it, which the chain then says."""
    await offer(here)
    proof = await prove(here)
    offered, proven = await strays(here)
    assert proof == Proof(account("manager-one"), Account(*SERVER, "manager-one"), NOON)
    assert list(proofs([offered, proven])) == [proof]
    assert (offered.kind, offered.person) == (Happening.LINK_OFFERED, "manager-one")
    assert (proven.kind, proven.person) == (Happening.LINK_PROVEN, None)
    assert CODE not in str((offered, proven))


async def test_it_works_in_the_other_direction(here: World) -> None:
    """The account that the map does not know yet may be the one that gets the code."""
    await offer(here, **on_discord("new"))
    proof = await prove(here, account=account("manager-one"), place=DEPLOYS)
    assert proof.account == Account(*SERVER, "new")


async def test_a_proof_gives_nobody_a_vote(here: World) -> None:
    """After the proof the account still belongs to nobody: only the file changes the map."""
    rollback = await here.ask()
    assert rollback.plan
    await offer(here)
    await prove(here)
    press = here.invocation("manager-one", **on_discord("manager-one"))
    with pytest.raises(Refused) as refused:
        await decide.approve(here.engine, press, Ticket(rollback.id, rollback.plan.digest))
    assert refused.value.code is Refusal.UNKNOWN_PERSON
    assert (await here.load(rollback.id)).given == 0


async def test_a_code_counts_once(here: World) -> None:
    """A code that proved something proves nothing more, for nobody."""
    await offer(here)
    await prove(here)
    assert (await refusal(here)).startswith("not_found: This code is not good")
    assert "not_found" in await refusal(here, "manager-two")


@pytest.mark.parametrize(("passed", "is_good"), [(599, True), (600, False)])
async def test_a_code_is_good_for_ten_minutes(here: World, passed: int, is_good: bool) -> None:
    """Ten minutes after it was given, a code is as wrong as any other."""
    await offer(here)
    here.clock.time += timedelta(seconds=passed)
    if is_good:
        await prove(here)
    else:
        assert "not_found" in await refusal(here)


async def test_a_new_code_takes_the_place_of_the_old_one(here: World) -> None:
    """Whoever asks again gets another code, and the former one is good no more."""
    await offer(here)
    await offer(here, code="LMNPQRST")
    assert "not_found" in await refusal(here)
    await prove(here, code="LMNPQRST")


async def test_a_repeated_delivery_changes_nothing(here: World) -> None:
    """What a platform delivers twice gives no second code and proves nothing twice."""
    await offer(here, delivery="again")
    with pytest.raises(Refused) as refused:
        await offer(here, code="LMNPQRST", delivery="again")
    assert refused.value.code is Refusal.DUPLICATE
    await prove(here, delivery="and again")
    with pytest.raises(Refused) as repeated:
        await prove(here, delivery="and again")
    assert repeated.value.code is Refusal.DUPLICATE
    giver = Account(*SERVER, "manager-one")
    assert await here.engine.store.read(lambda tx: tx.wrong_codes(giver)) == ()


async def test_five_wrong_codes_close_the_account(here: World, tmp_path: Path) -> None:
    """After five wrong codes not even the right one is taken, for ten minutes, restarts or not."""
    for _ in range(MOST_WRONG):
        last = await refusal(here, code=WRONG)
    assert "No code is looked at from this account until 12:10 UTC" in last
    await offer(here)
    assert (await refusal(here)).startswith("limit: 5 wrong codes")
    async with world(tmp_path, clock=here.clock) as later:
        assert (await refusal(later)).startswith("limit: 5 wrong codes")
        await prove(later, "manager-two")  # others can


async def test_the_account_opens_again(here: World) -> None:
    """Ten minutes after the fifth wrong code a right one counts, and the count starts anew."""
    for _ in range(MOST_WRONG):
        await refusal(here, code=WRONG)
    here.clock.time += timedelta(minutes=10)
    await refusal(here, code=WRONG)
    await offer(here)
    await prove(here)


async def test_for_a_closed_account_nobody_is_looked_up(here: World) -> None:
    """While it is closed a right code takes no look into a directory, whose time would tell."""
    looks = Looks()
    engine = replace(here.engine, directories={"slack": looks, "discord": looks})
    watched = World(engine, here.clock, here.members)
    await offer(watched)
    for _ in range(MOST_WRONG):
        await refusal(watched, code=WRONG)
    looks.asked.clear()
    await refusal(watched)
    assert looks.asked == [Account(*SERVER, "manager-one")]


NOT_FULL = [one for one in Membership if one is not Membership.FULL]


@pytest.mark.parametrize("membership", NOT_FULL)
async def test_only_full_members_repeat_a_code(here: World, membership: Membership) -> None:
    """Whoever the directory does not call a full member right now can't prove anything."""
    await offer(here)
    here.members.kinds["new"] = membership
    code = "directory_down" if membership is Membership.UNREADABLE else "not_member"
    assert (await refusal(here, "new")).startswith(f"{code}: ")
    here.members.kinds["new"] = Membership.FULL
    await prove(here, "new")


@pytest.mark.parametrize("membership", NOT_FULL)
async def test_only_full_members_get_a_code(here: World, membership: Membership) -> None:
    """Nor does whoever is not a full member get a code to be repeated."""
    here.members.kinds["manager-one"] = membership
    with pytest.raises(Refused):
        await offer(here)
    assert [event.kind for event in await strays(here)] == [Happening.LINK_REFUSED]
    assert "not_found" in await refusal(here, "new")


@pytest.mark.parametrize("membership", NOT_FULL)
async def test_both_have_to_be_members_still(here: World, membership: Membership) -> None:
    """Whoever got the code has to be a full member when it is repeated, and it stays good."""
    await offer(here)
    here.members.kinds["manager-one"] = membership
    told = await refusal(here, "new")
    assert str(account("manager-one")) in told
    here.members.kinds["manager-one"] = Membership.FULL
    await prove(here, "new")


async def test_a_chat_without_a_directory_vouches_for_nobody(here: World) -> None:
    """An account of a chat that is not configured gets no code."""
    engine = replace(here.engine, directories={})
    with pytest.raises(Refused) as refused:
        await link.offer(engine, here.invocation("manager-one"), code=CODE)
    assert refused.value.code is Refusal.DIRECTORY_DOWN


async def test_keys_have_no_part_in_it(here: World) -> None:
    """A key, for which nobody but a signature vouches, neither gets a code nor repeats one."""
    await offer(here)
    key = Account("key", "ed25519", "0a" * 32)
    everywhere = {"slack": here.members, "discord": here.members, "key": here.members}
    loose = World(replace(here.engine, directories=everywhere), here.clock, here.members)
    assert "from one chat to another" in await refusal(loose, account=key)
    with pytest.raises(Refused, match="from one chat to another"):
        await offer(loose, account=key)
    await prove(here)


async def test_one_place_is_not_linked_with_itself(here: World) -> None:
    """The account that got the code, and others of the same workspace, are sent elsewhere."""
    await offer(here)
    same: dict[str, Any] = {"account": account("manager-one"), "place": DEPLOYS}
    near: dict[str, Any] = {"account": account("new"), "place": DEPLOYS}
    assert "the account that the code was given to" in await refusal(here, **same)
    assert "the same workspace" in await refusal(here, **near)
    await prove(here)


async def test_without_another_chat_there_is_no_code(tmp_path: Path) -> None:
    """Where Twokey is in one workspace alone, there is nothing to link."""
    async with world(tmp_path) as here:
        alone = replace(here.engine, directories={"slack": here.members})
        with pytest.raises(Refused, match="in no other chat"):
            await link.offer(alone, here.invocation("manager-one"), code=CODE)


async def test_two_people_are_not_joined(tmp_path: Path) -> None:
    """If the map has the accounts as two people, an operator has to look, and the chain says so."""
    async with world(tmp_path, people=TWO_PEOPLE) as here:
        await offer(here)
        told = await refusal(here)
        events = await strays(here)
    assert "is Manager-One in the people map, and " in told
    assert "Somebody Else: two people" in told
    assert list(proofs(events)) == []
    pair = Proof(account("manager-one"), Account(*SERVER, "manager-one"), NOON)
    assert list(proofs(events, Happening.LINK_REFUSED)) == [pair]


@pytest.mark.parametrize("is_offered", [True, False])
async def test_the_other_chat_is_no_way_round(tmp_path: Path, is_offered: bool) -> None:
    """Whoever has an account in a place gets no second one there by linking it with another."""
    second: dict[str, Any] = {"account": account("intruder"), "place": DEPLOYS}
    async with world(tmp_path, people=BOTH_KNOWN) as here:
        if is_offered:
            await offer(here, "intruder")
            told = await refusal(here)
        else:
            await offer(here, **on_discord("manager-one"))
            told = await refusal(here, **second)
        events = await strays(here)
    assert f"Manager-One has an account in the workspace of {account('intruder')} already" in told
    assert list(proofs(events)) == []
    (kept,) = proofs(events, Happening.LINK_REFUSED)
    pair = {account("intruder"), Account(*SERVER, "manager-one")}
    assert {kept.account, kept.other} == pair


async def test_what_the_map_says_already_can_be_proven(tmp_path: Path) -> None:
    """Accounts that the map joins already may be proven, too, which tells that the map is right."""
    async with world(tmp_path, people=BOTH_KNOWN) as here:
        await offer(here)
        await prove(here)
        assert len(list(proofs(await strays(here)))) == 1


async def test_two_unknown_accounts_may_be_one(here: World) -> None:
    """Somebody whom the map does not know at all can prove both of their accounts."""
    await offer(here, "new")
    await prove(here, "new")
