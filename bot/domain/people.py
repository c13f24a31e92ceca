"""Who somebody is: chat accounts, the people behind them, and what the directory says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.errors import Refusal, Refused

# What is typed there to prove that an account of another chat is one's own, too.
LINKING: Final[Mapping[str, str]] = {"slack": "/rollback link", "discord": "/twokey link"}


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One immutable identity on one platform, such as ``slack:T0123/U0456``."""

    platform: str
    tenant: str
    user: str

    @classmethod
    def parse(cls, text: str) -> "Account":
        """Read what ``str`` of an account has written; anything else is an account of nobody."""
        platform, tenant, user = [*re.split("[:/]", text, maxsplit=2), "", ""][:3]
        return cls(platform, tenant, user)

    @property
    def home(self) -> tuple[str, str]:
        """Return the workspace or server that it is in: platform and tenant."""
        return self.platform, self.tenant

    @property
    def chat(self) -> str:
        """Return the name of its chat, as people write it."""
        return self.platform.capitalize()

    @property
    def home_noun(self) -> str:
        """Return what people of its chat call that."""
        return "server" if self.platform == "discord" else "workspace"

    @property
    def is_in_chat(self) -> bool:
        """Tell whether it is a chat's, and no key of somebody at the command line."""
        return self.platform in LINKING

    @property
    def is_key(self) -> bool:
        """Tell whether it is the public half of somebody's own key."""
        return self.platform == "key"

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
    Membership.GUEST: "Guests of this {home} can't ask or decide.",
    Membership.INVITED: "Whoever has not accepted the invitation yet can't ask or decide.",
    Membership.DEACTIVATED: "This account was deactivated, so it can't ask or decide.",
    Membership.PENDING: "Whoever has not accepted the rules of this server yet can't ask or "
    "decide.",
    Membership.TIMED_OUT: "This account is timed out by a moderator, so it can't ask or decide.",
}
_STRANGERS: Final[Mapping[str, str]] = {
    "slack": "People of other workspaces can't ask or decide, not even in a channel that is shared "
    "with them.",
    "discord": "Whoever is not on this server, or has left it, can't ask or decide, not even in a "
    "direct message.",
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
                f"decide. Nothing was changed. {self._way_in(account)}",
            )
        return person

    def _way_in(self, account: Account) -> str:
        """Say how the account gets into the map; the line comes last, to be copied to its end."""
        command = LINKING.get(account.platform)
        if command is None:
            first = "If you are in it, ask an operator to add the key to your entry. If not, ask"
        elif any(one.is_in_chat and one.home != account.home for one in self._by_account):
            first = (
                f"If you are in it with another account, type {command}, which proves that both "
                "are yours. If not, ask"
            )
        else:
            first = "Ask"
        return (
            f"{first} an operator to put this line under people: in twokey.yaml, with your name "
            f"in it: your-name: {{name: Your Name, accounts: [{account}]}}"
        )

    def named(self, key: str) -> Person:
        """Return the person with this key; a plan never outlives the map it was made with."""
        return self._by_key.get(key) or Person(key=key, name=key, accounts=())

    def name(self, key: str) -> str:
        """Return what people call the person with this key."""
        return self.named(key).name


def check_member(membership: Membership, account: Account) -> None:
    """Refuse everybody whom the directory does not call a full, present human member."""
    if membership is Membership.FULL:
        return
    if membership is Membership.UNREADABLE:
        raise Refused(
            Refusal.DIRECTORY_DOWN,
            "The member directory can't be read right now, so nobody's vote can be checked. "
            "Nothing was recorded. Try again in a moment.",
        )
    noun = account.home_noun
    if membership is Membership.STRANGER:
        why = _STRANGERS.get(account.platform, _STRANGERS["slack"])
    else:
        why = _NOT_MEMBERS[membership].format(home=noun)
    raise Refused(
        Refusal.NOT_MEMBER, f"{why} Nothing was changed. Ask a full member of this {noun}."
    )
