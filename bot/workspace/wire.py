"""What goes over the wires of the local chats, and what is refused there."""

from typing import Any

Json = dict[str, Any]  # whose keys are the platform's


class WorkspaceRefusal(Exception):
    """A chat, or its program, does not let somebody do this; ``code`` says why."""

    def __init__(self, code: str | int, sentence: str = "") -> None:
        self.code = code
        super().__init__(sentence or str(code))
