"""The actions and assertions that plans may use, by name; each is checked as it comes in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from bot.ports import Action, Assertion

_A_STEPS_OWN: Final = frozenset({"name", "use", "needs"})
K = TypeVar("K", bound=Action | Assertion)


def _problems(kind: type[BaseModel]) -> Iterator[str]:
    use = getattr(kind, "use", "")
    if use.count(".") != 1:
        yield f"{use!r} is not spelled system.verb"
    if not (kind.__doc__ or "").strip().endswith("."):
        yield f"{use} needs one sentence as docstring; it is shown in help"
    for taken in sorted(_A_STEPS_OWN & kind.model_fields.keys()):
        yield f"{use} can't have a parameter called {taken}: in a step that is the step's own"
    if kind.model_config.get("extra") != "forbid":
        yield f"{use} must refuse unknown parameters"


class Registry:
    """Everything that configuration can name."""

    def __init__(
        self, actions: Iterable[type[Action]], assertions: Iterable[type[Assertion]]
    ) -> None:
        """Take them in, or refuse to start with the first that is not usable."""
        self.actions = _by_use(actions)
        self.assertions = _by_use(assertions)

    def action(self, use: str, params: Mapping[str, Any]) -> Action:
        """Return the action with its parameters."""
        return self.actions[use].model_validate_json(json.dumps(dict(params)))

    def assertion(self, use: str, params: Mapping[str, Any]) -> Assertion:
        """Return the assertion with its parameters."""
        return self.assertions[use].model_validate_json(json.dumps(dict(params)))


def _by_use(kinds: Iterable[type[K]]) -> dict[str, type[K]]:
    found: dict[str, type[K]] = {}
    for kind in kinds:
        for problem in _problems(kind):
            raise ValueError(problem)
        if kind.use in found:
            raise ValueError(f"two plug-ins are called {kind.use}")
        found[kind.use] = kind
    return found
