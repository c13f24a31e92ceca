"""``python -m bot.cli`` is the same as ``twokey``."""

from bot.cli import main

if __name__ == "__main__":
    main()
