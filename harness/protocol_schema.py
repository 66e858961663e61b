"""The JSON Schema of the protocol between the harness and a worker, made from the types and the table of tags."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.case_specs import AWAIT_WAYS, OPERATORS
from harness.handshake import PROTOCOL, Hello
from harness.program import CONTEXTS, PLAIN
from harness.schema_form import schema_of_one_form
from harness.wire_form import VALUE, definitions

PROTOCOL_SCHEMA_NAME = "protocol.schema.json"

_TEXT = {"type": "string"}
_VALUES = {"type": "array", "items": VALUE.schema}
_KEYWORDS = {"type": "array", "items": {"type": "array", "prefixItems": [VALUE.schema, VALUE.schema], "items": False}}
_OVERRIDES = {
    "type": "array",
    "items": {
        "type": "array",
        "prefixItems": [
            VALUE.schema,
            {"anyOf": [{"type": "null"}, {"type": "array", "items": {"$ref": "#/$defs/outcome"}}]},
        ],
        "items": False,
    },
}
_COUNT = {"type": "integer", "minimum": 0}


def protocol_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12): any frame, and under ``$defs`` each kind by its name."""
    hello = schema_of_one_form(msgspec.json.schema(Hello))
    made = {
        **{name: _closed(each) for name, each in hello["$defs"].items()},
        **definitions(),
        "step": {"anyOf": _steps()},
        "program": _row(
            _COUNT,
            _TEXT,
            {"type": "array", "items": {"$ref": "#/$defs/step"}},
            _object({"context": {"enum": [*CONTEXTS]}, "observe": {"type": "array", "items": _TEXT}}),
            least=3,
        ),
        "handshake": _object({"hello": {"$ref": "#/$defs/Hello"}}, "hello"),
        "load-request": _object(
            {"load": _TEXT, "paths": {"type": "array", "items": _TEXT}, "caller": _TEXT}, "load", "paths"
        ),
        "load-reply": _object(
            {"load": _TEXT, "failed": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/exception"}]}}, "load", "failed"
        ),
        "traces-request": _object({"traces": _TEXT}, "traces"),
        "run-request": _object({"run": {"type": "array", "items": {"$ref": "#/$defs/program"}}}, "run"),
        "begin": _row(_COUNT),
        "reply": _row(_COUNT, {"type": "array", "items": {"$ref": "#/$defs/observation"}}),
    }
    made["Hello"]["properties"]["protocol"] = {"const": PROTOCOL}
    made["Hello"]["properties"]["worker"]["pattern"] = "^[0-9a-f]{32}$"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A frame of backend-matrix's protocol, version {PROTOCOL}",
        "anyOf": [
            {"$ref": f"#/$defs/{name}"}
            for name in (
                *("handshake", "load-request", "load-reply", "traces-request", "run-request", "begin", "reply"),
            )
        ],
        "$defs": made,
    }


def _steps() -> list[dict[str, Any]]:
    def kinds(*names: str) -> dict[str, Any]:
        return {"enum": list(names)}

    return [
        _row(kinds("call", "apply", "with"), _TEXT, _VALUES, _KEYWORDS),
        _row(kinds("subclass"), _TEXT, _VALUES, _OVERRIDES),
        _row(kinds("method"), VALUE.schema, _TEXT, _VALUES, _KEYWORDS),
        _row(kinds("get", "set", "delete", "builtin", "unpack", "surface"), _TEXT, _VALUES),
        _row(kinds("operator"), {"enum": sorted(OPERATORS)}, _VALUES),
        _row(kinds("await"), {"enum": sorted(AWAIT_WAYS)}, _VALUES),
        _row(kinds("iterate", "pickle"), {"type": "integer"}, _VALUES),
        _row(kinds("forget", "collect"), _COUNT),
    ]


def _row(*parts: Any, least: int | None = None) -> dict[str, Any]:
    fewest = len(parts) if least is None else least
    return {"type": "array", "prefixItems": list(parts), "items": False, "minItems": fewest}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a struct with its contexts held to the words that there are."""
    contexts = schema["properties"].get("contexts")
    if contexts is not None:
        contexts["items"] = {"enum": [*CONTEXTS]}
        contexts["contains"] = {"const": PLAIN}
    return schema
