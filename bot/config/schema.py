"""The file's shape as JSON Schema, so that editors complete and check it while one types."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from bot.config.shape import CheckSection, FileSection, StepSection
from bot.ports import ActionTypes, AssertionTypes


def json_schema(actions: ActionTypes, assertions: AssertionTypes) -> dict[str, Any]:
    """Return the schema of a configuration file in which these may be used."""
    models: list[type[BaseModel]] = [FileSection, *actions.values(), *assertions.values()]
    references, document = models_json_schema([(model, "validation") for model in models])
    parts: dict[str, dict[str, Any]] = document["$defs"]

    def definition(model: type[BaseModel]) -> dict[str, Any]:
        reference = references[model, "validation"]["$ref"]
        return parts[reference.rpartition("/")[2]]

    for section, kinds in ((StepSection, actions), (CheckSection, assertions)):
        own = parts[section.__name__]
        for use, kind in kinds.items():
            whole = definition(kind)
            whole["properties"] = (
                whole.get("properties", {}) | own["properties"] | {"use": {"const": use}}
            )
            whole["required"] = [*own["required"], *whole.get("required", [])]
        parts[section.__name__] = {
            "anyOf": [references[kind, "validation"] for kind in kinds.values()]
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **parts.pop(FileSection.__name__),
        "$defs": parts,
    }
