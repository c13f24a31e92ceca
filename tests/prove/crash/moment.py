"""The moment at which a life ends, as one word: ``[after>]name[@number]``."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The time that a named moment is passed for the ``number``-th time, once ``after`` was."""

    name: str
    number: int = 1
    after: str = ""

    @classmethod
    def parse(cls, word: str) -> Self:
        """Read what ``str`` wrote."""
        after, _, rest = word.rpartition(">")
        name, _, number = rest.partition("@")
        return cls(name=name, number=int(number or 1), after=after)

    def __str__(self) -> str:
        """Write it as one word."""
        number = f"@{self.number}" if self.number > 1 else ""
        return f"{self.after}>{self.name}{number}" if self.after else f"{self.name}{number}"
