"""The JSON Schema of case files: in step with the types, and true of every case file of ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from harness.book.reading import BookLoader
from harness.documents import DocumentLoader
from harness.schema import BOOK_SCHEMA_NAME, SCHEMA_NAME, book_file_schema, case_file_schema

ROOT = Path(__file__).parent.parent
CASE_FILES = sorted(ROOT.glob("cases/*.yaml"))
BOOK_FILES = sorted(ROOT.glob("cases/known/*/*.yaml"))


@pytest.mark.parametrize(
    ("name", "made", "option"), [(SCHEMA_NAME, case_file_schema, ""), (BOOK_SCHEMA_NAME, book_file_schema, " book")]
)
def test_the_shipped_schema_is_what_the_types_say(name: str, made: Callable[[], Any], option: str) -> None:
    shipped = json.loads(files("harness").joinpath(name).read_text())
    assert shipped == json.loads(json.dumps(made())), f"run: backend-matrix schema{option} > harness/{name}"


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.name)
def test_every_case_file_of_ours_is_valid(path: Path) -> None:
    data = yaml.load(path.read_text(), DocumentLoader)
    jsonschema.Draft202012Validator(case_file_schema()).validate(data)


@pytest.mark.parametrize("path", BOOK_FILES, ids=lambda path: path.name)
def test_every_file_of_our_book_is_valid(path: Path) -> None:
    data = yaml.load(path.read_text(), BookLoader)
    jsonschema.Draft202012Validator(book_file_schema()).validate(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"cases": {}}, "'extension' is a required property"),
        ({"extension": "x", "cases": {"a": {"arg": []}}}, "'arg' was unexpected"),
        ({"extension": "x", "cases": {"a": {"rules": ["no-such-rule"]}}}, "'no-such-rule' is not one of"),
        (
            {"extension": "x", "cases": {"a": {"program": {"start": [{"call": "f", "get": "x"}]}}}},
            "is not valid under any",
        ),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(data: dict[str, Any], message: str) -> None:
    with pytest.raises(jsonschema.ValidationError, match=message):
        jsonschema.Draft202012Validator(case_file_schema()).validate(data)
