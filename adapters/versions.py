"""Which deployment to go back to: pure decisions over what was read from a vendor."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, NoReturn

from pydantic import StringConstraints

from bot.domain.errors import Refusal, Refused
from bot.domain.plan import Point

# What may stand in a path: an id, a name or a host, never a slash or a leading dot.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$")]

_WANTED: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:/@+-]{0,199}")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_RELEASE: Final = re.compile(
    r"(?:chore\(release\):|release:?|version:?)?\s*(v\d+(?:\.\d+)*|\d+(?:\.\d+)+)(?![\w.]*\w)",
    re.IGNORECASE,
)
_LONGEST_MESSAGE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One deployment, as far as choosing among them needs to know it."""

    id: str
    made_at: datetime
    commit: str = ""
    image: str = ""
    message: str = ""
    obstacle: str = ""  # why nobody can go back to it: "it is a preview"; empty if one can

    @property
    def source(self) -> str:
        """Return what it was made of; empty if the vendor does not say."""
        return self.commit or self.image

    @property
    def label(self) -> str:
        """Return what people call it: the version's name, the short commit, or the short id."""
        if named := _RELEASE.match(self.message):
            return named[1]
        tag = self.image.rpartition("/")[2].partition("@")[0].partition(":")[2]
        return tag or self.commit[:7] or self.short_id

    @property
    def short_id(self) -> str:
        """Return enough of the id to tell it from its neighbours."""
        return self.id.rpartition("_")[2][:8]

    @property
    def code(self) -> str:
        """Return the code that comes with it, in words."""
        first_line = self.message.partition("\n")[0]
        if not first_line:
            return "code"
        if len(first_line) > _LONGEST_MESSAGE:
            first_line = f"{first_line[: _LONGEST_MESSAGE - 1]}…"
        return f"code (“{first_line}”)"

    def is_called(self, wanted: str) -> bool:
        """Tell whether somebody may mean this one by an id, a label or a short commit."""
        name = wanted.casefold()
        is_commit = _COMMIT.fullmatch(name) is not None and self.commit.startswith(name)
        return is_commit or name in {self.id.casefold(), self.label.casefold()}


def check_wanted(version: str) -> str:
    """Return the name somebody typed for a version, or refuse what can't be one."""
    if _WANTED.fullmatch(version) is None:
        _refuse(
            f"“{version[:60]}” can't be a version. Say a label like v41, a commit of 7 digits or "
            "more, a deployment's id or its address."
        )
    return version


def last_good(versions: Sequence[Version], *, current: Version) -> Version | None:
    """Return the newest one older than production's that can be gone back to.

    A vendor that rolls back by deploying again makes an old version look new. So if the same code
    served before, what lies between was rolled back from, and is no place to return to.
    """
    older = _newest_first([v for v in versions if v.made_at < current.made_at])
    twins = [at for at, v in enumerate(older) if v.source and v.source == current.source]
    if twins and twins[0] > 0:
        older = older[twins[0] + 1 :]
    return next((v for v in older if not v.obstacle and v.id != current.id), None)


def named(versions: Sequence[Version], wanted: str, *, current: Version, subject: str) -> Version:
    """Return the one version that was asked for, or refuse with what can be asked for."""
    fitting = _newest_first([v for v in versions if v.is_called(wanted)])
    usable = [v for v in fitting if not v.obstacle or v.id == current.id]
    if not fitting:
        _refuse(f"{subject} has no version “{wanted[:60]}”.{_offer(versions, current)}")
    if not usable:
        _refuse(
            f"{subject} can't go back to {fitting[0].label}: {fitting[0].obstacle}."
            f"{_offer(versions, current)}"
        )
    is_same_code = len({v.source for v in usable}) == 1 and usable[0].source
    if len(usable) > 1 and (any(v.id == current.id for v in usable) or not is_same_code):
        ids = ", ".join(v.id for v in usable[:4])
        _refuse(
            f"“{wanted[:60]}” fits {len(usable)} deployments of {subject}: {ids}. "
            "Ask again with one of these ids."
        )
    return usable[0]


def points(*, before: Version, after: Version) -> tuple[Point, Point]:
    """Return both ends as people see them; two builds of the same code are told apart by id."""
    labels = (before.label, after.label)
    if before.label == after.label and before.id != after.id:
        labels = (before.short_id, after.short_id)
    was, would_be = (
        Point(id=version.id, label=label, made_at=version.made_at)
        for version, label in zip((before, after), labels, strict=True)
    )
    return was, would_be


def nothing_to_go_back_to(subject: str) -> NoReturn:
    """Refuse: no earlier version is left."""
    _refuse(f"{subject} has no earlier version that it can go back to. Deploy a fix instead.")


def _offer(versions: Sequence[Version], current: Version) -> str:
    labels = dict.fromkeys(
        v.label for v in _newest_first(versions) if not v.obstacle and v.id != current.id
    )
    return f" It can go back to {', '.join([*labels][:3])}." if labels else ""


def _newest_first(versions: Sequence[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: version.made_at, reverse=True)


def _refuse(sentence: str) -> NoReturn:
    raise Refused(Refusal.NOT_PLANNABLE, f"{sentence} Nothing was changed.")
