"""Discord's document, put differently so that it is fast, still says the same."""

import copy
import operator
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.recorder.payload import Json
from tests.recorder.specification import Specification
from tests.recorder.test_discord_judge import ANSWER, COMMAND, DRAWN, EDIT, FORM, POST, SENTENCE

WRONG: tuple[Any, ...] = (None, -1, "x" * 4_500, {})
ROW = DRAWN["components"][0]["components"][2]
BODIES: list[tuple[str, Any]] = [
    (POST, SENTENCE),
    (EDIT, {"components": [{"type": 17, "components": [ROW]}]}),
    (ANSWER, {"type": 9, "data": FORM}),
    (ANSWER, {"type": 8, "data": {"choices": [{"name": "x", "value": "x"}]}}),
    (COMMAND, [{"name": "x", "description": "x", "options": [
        {"type": 1, "name": "y", "description": "y", "options": [
            {"type": 3, "name": "z", "description": "z", "required": True}]}]}]),
]  # fmt: skip


@pytest.fixture(scope="module")
def specification(document: Json) -> Specification:
    """The document, put differently."""
    return Specification(document)


def spoils(whole: Any) -> Iterator[Callable[[], None]]:
    """Yield what puts another value in each place of a body, or takes it away."""
    for key in list(whole) if isinstance(whole, dict) else range(len(whole)):
        for wrong in WRONG:
            yield partial(operator.setitem, whole, key, wrong)
        yield partial(operator.delitem, whole, key)
        if isinstance(whole[key], dict | list):
            yield from spoils(whole[key])


@pytest.mark.parametrize(("call", "body"), BODIES)
def test_both_forms_refuse_the_same(
    specification: Specification, document: Json, call: str, body: Any
) -> None:
    """Whatever is wrong anywhere in a body, both refuse it or both take it."""
    operation = specification.operation(call)
    assert operation is not None
    assert operation.schema is not None
    plain = Draft202012Validator(operation.schema | {"components": document["components"]})
    judged = 0
    for number in range(sum(1 for _ in spoils(copy.deepcopy(body)))):
        spoilt = copy.deepcopy(body)
        next(one for at, one in enumerate(spoils(spoilt)) if at == number)()

        assert bool([*operation.flaws(spoilt, {})]) != plain.is_valid(spoilt), spoilt
        judged += 1

    assert judged > 20


def test_what_the_document_does_not_name_is_refused(specification: Specification) -> None:
    """The document would let anything pass that it does not name; here, nothing passes."""
    operation = specification.operation(POST)
    assert operation is not None

    [flaw] = operation.flaws(SENTENCE | {"contnet": "x"}, {})

    assert "contnet" in flaw


def test_a_card_is_judged_in_no_time(specification: Specification) -> None:
    """A card that differs from the last one in a word costs less than a millisecond."""
    operation = specification.operation(EDIT)
    assert operation is not None
    cards = [copy.deepcopy(DRAWN) for _ in range(50)]
    for number, card in enumerate(cards):
        card["components"][0]["components"][1]["content"] = f"It took {number} s."
    assert [*operation.flaws(DRAWN, {})] == []  # puts the schemas together

    began = time.process_time()
    flaws = [flaw for card in cards for flaw in operation.flaws(card, {})]

    assert flaws == []
    assert (time.process_time() - began) / len(cards) < 0.001
