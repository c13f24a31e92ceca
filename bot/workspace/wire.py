"""What goes over the wires of the local chats."""

from typing import Any

Json = dict[str, Any]
