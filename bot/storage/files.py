"""Files of the user who runs the bot: what somebody else is told about them is a sentence."""

from pathlib import Path

from bot.storage.errors import Unusable


def is_there(path: Path) -> bool:
    """Tell whether there is such a file, or raise that this user can't see it."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise not_ours(path, error) from error
    return True


def not_ours(path: Path, error: OSError) -> Unusable:
    """Return what to say where a file can't be opened."""
    return Unusable(
        f"{path} can't be opened: {error.strerror}. Nothing was changed. Run this as the user who "
        "runs the bot."
    )
