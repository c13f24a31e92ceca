"""Who somebody is: chat accounts, the people behind them, and what the directory says."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.errors import Refusal, Refused


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One immutable identity on one platform, such as ``slack:T0123/U0456``."""

    platform: str
    tenant: str
    user: str

    @property
    def home(self) -> tuple[str, str]:
        """Return the workspace or server that it is in: platform and tenant."""
        return self.platform, self.tenant

    def __str__(self) -> str:
        """Write it the way the configuration spells it."""
        return f"{self.platform}:{self.tenant}/{self.user}"


@dataclass(frozen=True, slots=True)
class Person:
    """One human, whatever accounts they use."""

    key: str
    name: str
    accounts: tuple[Account, ...]


class Membership(StrEnum):
    """What the platform's directory says about an account right now."""

    FULL = "full"
    BOT = "bot"
    GUEST = "guest"
    STRANGER = "stranger"
    INVITED = "invited"
    DEACTIVATED = "deactivated"
    PENDING = "pending"
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"


_NOT_MEMBERS: Final = {
    Membership.BOT: "Bots, apps and workflows can't ask or decide.",
    Membership.GUEST: "Guests of this workspace can't ask or decide.",
    Membership.STRANGER: "People of other workspaces can't ask or decide, not even in a channel "
    "that is shared with them.",
    Membership.INVITED: "Whoever has not accepted the invitation yet can't ask or decide.",
    Membership.DEACTIVATED: "This account was deactivated, so it can't ask or decide.",
    Membership.PENDING: "Whoever has not accepted the rules of this server yet can't ask or "
    "decide.",
    Membership.TIMED_OUT: "This account is timed out by a moderator, so it can't ask or decide.",
}


class People:
    """The people map: every account belongs to at most one person."""

    def __init__(self, people: Iterable[Person]) -> None:
        """Index the people by key and by account."""
        self.everybody = tuple(people)
        self._by_key = {person.key: person for person in self.everybody}
        self._by_account = {a: person for person in self.everybody for a in person.accounts}

    def find(self, account: Account) -> Person | None:
        """Return the person behind an account, if the map knows one."""
        return self._by_account.get(account)

    def behind(self, account: Account) -> Person:
        """Return the person behind an account, or refuse with the way in."""
        person = self.find(account)
        if person is None:
            raise Refused(
                Refusal.UNKNOWN_PERSON,
                f"Your account {account} belongs to nobody in the people map, so it can't ask or "
                "decide. Nothing was changed. Ask an operator to add it under people: in "
                "twokey.yaml.",
            )
        return person

    def named(self, key: str) -> Person:
        """Return the person with this key; a plan never outlives the map it was made with."""
        return self._by_key.get(key) or Person(key=key, name=key, accounts=())

    def name(self, key: str) -> str:
        """Return what people call the person with this key."""
        return self.named(key).name


def check_member(membership: Membership) -> None:
    """Refuse everybody whom the directory does not call a full, present human member."""
    if membership is Membership.FULL:
        return
    if membership is Membership.UNREADABLE:
        raise Refused(
            Refusal.DIRECTORY_DOWN,
            "The member directory can't be read right now, so nobody's vote can be checked. "
            "Nothing was recorded. Try again in a moment.",
        )
    raise Refused(
        Refusal.NOT_MEMBER,
        f"{_NOT_MEMBERS[membership]} Nothing was changed. Ask a full member of this workspace.",
    )
