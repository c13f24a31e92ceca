"""Whose directory a start waits for, and how it can start although a chat is away."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.event import Event
from bot.domain.people import Account, People
from bot.domain.rollback import Rollback, Unread
from notifications.words import listed


def waited_for(event: Event) -> tuple[Unread, ...]:
    """Return whose directories this entry of the timeline names."""
    pairs = (pair.rpartition(":") for pair in event.details.get("waits_for", "").split())
    return tuple(Unread(person, platform) for person, _, platform in pairs)


def silence(unread: Iterable[Unread], people: People, *, is_over: bool = False) -> str:
    """Say which directories don't answer, and about whom."""
    about: dict[str, list[str]] = {}
    for one in unread:
        about.setdefault(one.platform, []).append(people.name(one.person))
    does = "did not" if is_over else "does not"
    return "; ".join(
        f"{platform.capitalize()}'s member directory {does} answer about {listed(names, most=5)}"
        for platform, names in about.items()
    )


def ways_out(rollback: Rollback, unread: Sequence[Unread], people: People) -> str:
    """Say what brings it about: somebody's vote by another account, or else the directory."""
    said = tuple(dict.fromkeys(_ways(rollback, unread, people)))
    return " ".join((*said, "It starts by itself as soon as that directory answers."))


def _ways(rollback: Rollback, unread: Sequence[Unread], people: People) -> Iterator[str]:
    homes = {place.home for place in rollback.places}
    silent = {(one.person, one.platform) for one in unread}
    for key in dict.fromkeys(one.person for one in unread):
        if key == rollback.requester:
            yield f"{people.name(key)} asked from there: to be faster, cancel it and ask elsewhere."
            continue
        others = [a for a in people.named(key).accounts if (key, a.platform) not in silent]
        ways = list(dict.fromkeys(filter(None, (_way(rollback, a, homes) for a in others))))
        if ways:
            yield f"{people.name(key)} can {' or '.join(ways)}: it is the same vote."


def _way(rollback: Rollback, account: Account, homes: set[tuple[str, str]]) -> str:
    if account.is_key:
        return f"run twokey approve {rollback.id}"
    return f"press Approve on {account.chat}, too" if account.home in homes else ""
