"""What people say in their own words, as chats hand it on."""

from bot.domain.errors import TwokeyError
from commands.rollback import LONGEST


def one_line(words: str) -> str:
    """Return the words in one line, so that what is signed is what is kept; refuse a book."""
    line = " ".join(words.split())
    if len(line) > LONGEST:
        raise TwokeyError(
            f"That reason is longer than {LONGEST} characters. Nothing was changed. Say it shorter."
        )
    return line
