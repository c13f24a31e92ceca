"""Whoever is no full, present human member is told so, in a sentence of their own."""

import pytest

from bot.domain.errors import Refusal, Refused
from bot.domain.people import Account, Membership, check_member

ON_SLACK, ON_DISCORD = Account("slack", "T0123ABCD", "U0123ABCD"), Account("discord", "1", "2")


@pytest.mark.parametrize(
    ("membership", "code", "words"),
    [
        (Membership.BOT, Refusal.NOT_MEMBER, "Bots, apps and workflows"),
        (Membership.GUEST, Refusal.NOT_MEMBER, "Guests of this workspace"),
        (Membership.STRANGER, Refusal.NOT_MEMBER, "not even in a channel that is shared"),
        (Membership.INVITED, Refusal.NOT_MEMBER, "has not accepted the invitation"),
        (Membership.DEACTIVATED, Refusal.NOT_MEMBER, "was deactivated"),
        (Membership.PENDING, Refusal.NOT_MEMBER, "has not accepted the rules"),
        (Membership.TIMED_OUT, Refusal.NOT_MEMBER, "is timed out by a moderator"),
        (Membership.UNREADABLE, Refusal.DIRECTORY_DOWN, "can't be read right now"),
    ],
)
def test_each_kind_reads_why(membership: Membership, code: Refusal, words: str) -> None:
    """The sentence names the kind, and says that nothing happened and what to do next."""
    with pytest.raises(Refused, match=words) as refusal:
        check_member(membership, ON_SLACK)

    assert refusal.value.code is code
    assert "Nothing was" in str(refusal.value)


def test_a_full_member_passes() -> None:
    """Nobody else is missing in the list above."""
    check_member(Membership.FULL, ON_SLACK)
    assert len(Membership) == 9


@pytest.mark.parametrize("membership", [one for one in Membership if one is not Membership.FULL])
def test_discord_has_servers(membership: Membership) -> None:
    """Nobody on Discord reads about workspaces, which there are none of."""
    with pytest.raises(Refused) as refusal:
        check_member(membership, ON_DISCORD)

    assert "workspace" not in str(refusal.value)
    assert membership is Membership.UNREADABLE or "full member of this server" in str(refusal.value)
