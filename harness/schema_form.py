"""One form for the JSON Schemas that msgspec makes, whichever of its versions made them."""

from __future__ import annotations

import inspect
import json
from typing import Any


def schema_of_one_form(schema: Any) -> Any:
    """Return a schema that means the same, with alternatives in one order and descriptions without indentation."""
    if isinstance(schema, list):
        return [schema_of_one_form(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: schema_of_one_form(each) for name, each in schema.items()}
    if isinstance(made.get("anyOf"), list):
        made["anyOf"] = sorted(made["anyOf"], key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(made.get("description"), str):
        made["description"] = inspect.cleandoc(made["description"])
    return made
