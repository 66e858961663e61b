"""The JSON Schemas of case files and of the book, made from the types that read them."""

from __future__ import annotations

from typing import Any

import msgspec

from harness.book.entries import BookFileSpec
from harness.case_specs import CaseFileSpec
from harness.program import STEP_KINDS
from harness.rules import RULE_NAMES
from harness.schema_form import schema_of_one_form

SCHEMA_NAME = "case-file.schema.json"
BOOK_SCHEMA_NAME = "book-file.schema.json"


def case_file_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12); what it accepts can still hold a wrong expression."""
    schema = schema_of_one_form(msgspec.json.schema(CaseFileSpec))
    definitions = schema["$defs"]
    definitions["StepSpec"]["oneOf"] = _ONE_KIND
    for name in ("CaseSpec", "CaseFileSpec"):
        definitions[name]["properties"]["rules"]["items"] = {"enum": sorted(RULE_NAMES)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A case file of backend-matrix",
        **schema,
    }


def book_file_schema() -> dict[str, Any]:
    """Return the schema of a file of the book; what it accepts can still be about no case."""
    schema = schema_of_one_form(msgspec.json.schema(BookFileSpec))
    schema["$defs"]["StepSpec"]["oneOf"] = _ONE_KIND
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A file of backend-matrix's book of known divergences",
        **schema,
    }


_ONE_KIND = [{"required": [kind]} for kind in STEP_KINDS]
