"""What Discord refuses in messages and dialogs, said in its own form, place by place."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter

from bot.workspace.discord.refusals import DiscordError
from bot.workspace.wire import Json

ROW, BUTTON, INPUT, SECTION, TEXT_DISPLAY, SEPARATOR, CONTAINER, LABEL = 1, 2, 4, 9, 10, 14, 17, 18
LINK: Final = 5
MOST_ROWS, MOST_COMPONENTS, LONGEST_TEXT = 5, 40, 4000
MOST_ID: Final = 2**31 - 1
Path = tuple[str | int, ...]


class Form:
    """Everything that is wrong with a body, each at its place."""

    def __init__(self) -> None:
        self._errors: Json = {}

    def wrong(self, at: Path, code: str, message: str) -> None:
        """Note one mistake."""
        node = self._errors
        for part in at:
            node = node.setdefault(str(part), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def check(self) -> None:
        """Refuse the body if anything is wrong with it."""
        if self._errors:
            raise DiscordError(50035, errors=self._errors)

    def text(self, at: Path, value: Any, least: int, most: int, *, needed: bool = False) -> None:  # noqa: ANN401
        """Ask for a text of that length; without `needed`, nothing is fine, too."""
        if value is None and not needed:
            return
        if value is None:
            self.wrong(at, "BASE_TYPE_REQUIRED", "This field is required")
        elif not isinstance(value, str):
            self.wrong(at, "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        elif not least <= len(value) <= most:
            short = f"Must be {most} or fewer in length."
            message = f"Must be between {least} and {most} in length." if least else short
            code = "BASE_TYPE_BAD_LENGTH" if least else "BASE_TYPE_MAX_LENGTH"
            self.wrong(at, code, message)

    def number(self, at: Path, value: Any, least: int, most: int, *, needed: bool = False) -> None:  # noqa: ANN401
        """Ask for a whole number in that range."""
        if value is None and not needed:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong(at, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        elif not least <= value <= most:
            message = f"int value should be between {least} and {most}."
            self.wrong(at, "NUMBER_TYPE_RANGE", message)

    def object(self, at: Path, value: Any) -> Json | None:  # noqa: ANN401
        """Ask for an object or nothing."""
        if value is None or isinstance(value, dict):
            return cast("Json | None", value)
        self.wrong(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return None

    def list(self, at: Path, value: Any, least: int, most: int) -> list[Json]:  # noqa: ANN401
        """Ask for a list of that many objects, and return those that are there."""
        if not isinstance(value, list):
            self.wrong(at, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        given = enumerate(cast("list[Json]", value))
        things = [self.object((*at, number), thing) or {} for number, thing in given]
        if not least <= len(things) <= most:
            message = f"Must be between {least} and {most} in length."
            self.wrong(at, "BASE_TYPE_BAD_LENGTH", message)
        return things


Range = tuple[int, int, bool]  # least, most, and whether it is needed


class _Kind(BaseModel):
    """What one kind of component is made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    texts: dict[str, Range] = {}
    numbers: dict[str, Range] = {}
    others: tuple[str, ...] = ()  # kept as they are
    defaults: Json = {}
    parts: dict[str, tuple[tuple[int, ...], int, int]] = {}  # kinds, least, most
    part: dict[str, tuple[int, ...]] = {}


_KINDS: Final[Mapping[int, _Kind]] = TypeAdapter(dict[int, _Kind]).validate_json(
    (files("bot.workspace.discord") / "components.json").read_text()
)
_LEGACY, _V2 = (ROW,), (ROW, SECTION, TEXT_DISPLAY, SEPARATOR, CONTAINER)
_DIALOG: Final = (ROW, TEXT_DISPLAY, LABEL)


@dataclass
class _Reading:
    """One reading of all components of a body."""

    form: Form
    row: Collection[int] = (BUTTON,)
    names: list[object] = field(default_factory=list[object])
    ids: list[object] = field(default_factory=list[object])

    def all(self, at: Path, given: list[Json], allowed: Collection[int]) -> list[Json]:
        return [self.one((*at, number), part, allowed) for number, part in enumerate(given)]

    def one(self, at: Path, part: Json, allowed: Collection[int]) -> Json:
        number: int = part.get("type", 0)
        if number not in allowed or number not in _KINDS:
            choices = ", ".join(map(str, sorted(allowed)))
            message = f'Value of field "type" must be one of ({choices},).'
            self.form.wrong((*at, "type"), "UNION_TYPE_CHOICES", message)
            return {"type": number}
        kind = _KINDS[number]
        for name, (least, most, needed) in kind.texts.items():
            self.form.text((*at, name), part.get(name), least, most, needed=needed)
        for name, (least, most, needed) in {**kind.numbers, "id": (0, MOST_ID, False)}.items():
            self.form.number((*at, name), part.get(name), least, most, needed=needed)
        self._alone(at, part)
        known = ("type", "id", *kind.texts, *kind.numbers, *kind.others)
        kept = kind.defaults | {key: part[key] for key in known if part.get(key) is not None}
        for name, (inner, least, most) in kind.parts.items():
            inside = self.form.list((*at, name), part.get(name), least, most)
            kept[name] = self.all((*at, name), inside, self.row if number == ROW else inner)
        for name, inner in kind.part.items():
            within = self.form.object((*at, name), part.get(name)) or {}
            kept[name] = self.one((*at, name), within, inner)
        return kept

    def _alone(self, at: Path, part: Json) -> None:
        """What is right only in view of the rest: names and ids, and what a button needs."""
        wrong, name, id_ = self.form.wrong, part.get("custom_id"), part.get("id")
        if part["type"] == BUTTON:
            needed = "url" if part.get("style") == LINK else "custom_id"
            if part.get(needed) is None:
                wrong((*at, needed), "BASE_TYPE_REQUIRED", "This field is required")
            if not part.get("label") and not part.get("emoji"):
                message = "A button must have a label or an emoji"
                wrong(at, "BUTTON_COMPONENT_INVALID_LABEL_OR_EMOJI", message)
        if name and name in self.names:
            message = "Component custom id cannot be duplicated"
            wrong((*at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        self.names.append(name)
        if id_ and id_ in self.ids:
            wrong((*at, "id"), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
        self.ids.append(id_)


def components(form: Form, given: Any, *, is_v2: bool) -> list[Json]:  # noqa: ANN401
    """The components of a message as Discord keeps them, every one with an id."""
    reading, at = _Reading(form), ("components",)
    parts = form.list(at, given or [], 0, MOST_COMPONENTS if is_v2 else MOST_ROWS)
    kept = reading.all(at, parts, _V2 if is_v2 else _LEGACY)
    every = list(walk(kept))
    if is_v2 and len(every) > MOST_COMPONENTS:
        message = f"The total number of components exceeds the maximum of {MOST_COMPONENTS}"
        form.wrong(at, "COMPONENT_MAX_TOTAL_COMPONENTS", message)
    if sum(len(str(one.get("content", ""))) for one in every) > LONGEST_TEXT:
        message = "The total displayable text size of components exceeds the maximum size of 4000"
        form.wrong(at, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)
    return _numbered(kept, reading.ids)


def dialog(given: Any) -> Json:  # noqa: ANN401
    """A dialog as Discord keeps it, every component with an id."""
    form = Form()
    data = form.object(("data",), given) or {}
    form.text(("data", "title"), data.get("title"), 1, 45, needed=True)
    form.text(("data", "custom_id"), data.get("custom_id"), 1, 100, needed=True)
    reading, at = _Reading(form, row=(INPUT,)), ("data", "components")
    parts = form.list(at, data.get("components"), 1, 5)
    kept = reading.all(at, parts, _DIALOG)
    for number, part in enumerate(kept):
        if part["type"] == ROW and len(part["components"]) > 1:
            message = "Must be between 1 and 1 in length."
            form.wrong((*at, number, "components"), "BASE_TYPE_BAD_LENGTH", message)
    form.check()
    named = {"title": data["title"], "custom_id": data["custom_id"]}
    return named | {"components": _numbered(kept, reading.ids)}


def walk(parts: list[Json]) -> Iterator[Json]:
    """All components, each before those within it."""
    for part in parts:
        yield part
        yield from walk(part.get("components", []))
        yield from walk([part[name] for name in ("accessory", "component") if name in part])


def _numbered(parts: list[Json], taken: Collection[object]) -> list[Json]:
    """Give every component without an id the next free one, as Discord does."""
    number = 0
    for part in walk(parts):
        if not part.get("id"):
            number += 1
            while number in taken:
                number += 1
            part["id"] = number
    return parts
