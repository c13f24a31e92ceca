"""What tells whether something was signed with somebody's own key."""

from typing import Protocol


class Verifier(Protocol):
    """Knows signatures; the engine compares what they are under."""

    def is_good(self, *, key: str, text: str, signature: str) -> bool:
        """Tell whether this key, in hex digits, signed exactly this text; never raises."""
        ...
