"""The JSON Schema of the protocol: true of every frame of real sessions, and no laxer than the harness."""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner

from conftest import MODULES, host_command
from harness.cli import main
from harness.codec import encode
from harness.errors import WorkerProtocolError
from harness.process import WorkerCommand, WorkerProcess
from harness.program import CONTEXTS, Program, Step
from harness.protocol import encode_body, parse_hello, parse_load, parse_observations, run_frame
from harness.protocol_schema import PROTOCOL_SCHEMA_NAME, protocol_schema
from harness.values import (
    ArrayOf,
    Callback,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Raises,
    Result,
    ViewOf,
)
from harness.wire_form import is_value

SCHEMA = protocol_schema()


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        2**60,
        -(2**70),
        1.5,
        -0.0,
        float("inf"),
        float("nan"),
        "text",
        "\ud800",
        "é",
        b"b",
        bytearray(b"B"),
    ),
    *(
        1j,
        complex(float("nan"), 1),
        [1, [2]],
        (3,),
        {1, 2},
        frozenset("a"),
        {"k": [1], 2: None},
        range(3),
        slice(1, None),
    ),
    *(
        ...,
        NotImplemented,
        Named("builtins.int"),
        Made("decimal.Decimal", ("1.5",)),
        ArrayOf("b", b"ab"),
        ViewOf(b"ab"),
    ),
    ExceptionValue("builtins.ValueError", (1,), ("note",), ExceptionValue("builtins.KeyError", ("k",))),
    Odd("int", 3, (("__index__", Raises("ValueError", "no")), ("__add__", NoMethod()), ("__sub__", InTurn((1, 2))))),
    Odd("list", [1], (("__len__", Inherited()),)),
    *(Callback((1, Raises("KeyError"))), IteratorOf((1, 2, Raises("ValueError", "end")))),
)


def call(name: str, *arguments: Any) -> Step:
    return Step("call", name, arguments)


PROGRAMS = [
    *(Program("echo", (call("echo", value),)) for value in VALUES),
    *(Program("echo", (call("echo", 1), call("raise_it", ExceptionValue("builtins.OSError", (2, "x")))), name)
      for name in CONTEXTS),
    Program("echo", (call("opaque"), call("number"), call("loud"), call("cycle"), call("shared"))),
    Program("echo", (call("raise_stubborn"),)),
    Program("echo", (call("echo", ([[]],)), Step("operator", "getitem", (Result(0), 0)))),
    Program("echo", (call("chat", "hello"), call("warn", "\ud800"), call("drop_unraisable"), call("fail_in_thread"))),
    Program("echo", (call("raise_quiet"), call("chain", 3), call("circular"), call("causes", 2), call("nest", 5))),
    Program("echo", (call("nowhere"), call("mutate", [1]), call("call", Callback((1,)), 2))),
    Program("echo", (call("walk", IteratorOf((1,))),)),
    Program(
        "echo",
        (
            call("Person", "me"),
            Step("set", "name", (Result(0), "you")),
            Step("get", "name", (Result(0),)),
            Step("method", "rename", (Result(0), "\ud800")),
            Step("delete", "name", (Result(0),)),
            Step("builtin", "len", (Result(0),)),
            Step("operator", "eq", (Result(0), Result(0))),
            Step("pickle", "", (Result(0),), count=4),
            Step("forget", count=0),
            Step("collect", count=2),
        ),
        observe=("state", "equality", "lifetimes"),
    ),
    Program("echo", (call("Part", 1), call("keep", Result(0))), observe=("lifetimes",)),
    Program("echo", (call("remember", bytes(4000)),), observe=("memory",)),
    Program("echo", (call("echo", [1]), call("Box", Result(0)), call("Base"), Step("method", "grow", (Result(2), 2)),
                     call("Person", "a"), call("Box", Result(4)), Step("method", "rename", (Result(4), "b"))),
            observe=("state",)),
    Program(
        "echo",
        (
            call("Door", True),
            Step("with", "knock", (Result(0), 3), (("loud", True),)),
            Step("iterate", "", ([1, 2],), count=1),
            Step("unpack", "a, *b", ([1, 2],)),
            call("Steps", 1),
            Step("await", "drive", (Result(4), 5)),
            Step("subclass", "Base", (), (("grow", Raises("KeyError", "x")), ("twice", NoMethod()))),
            Step("apply", "", (Result(6), 4), (("size", 2),)),
            Step("surface", "outline", ("",)),
        ),
    ),
]  # fmt: skip


@pytest.fixture(scope="module", params=["cpython", "rustpython"])
def session(request: pytest.FixtureRequest) -> Iterator[list[tuple[str, bytes]]]:
    """Every frame of one real session, with its kind."""
    command = WorkerCommand((sys.executable,)) if request.param == "cpython" else host_command()
    frames: list[tuple[str, bytes]] = []
    worker = WorkerProcess.start("real", command)
    try:
        assert worker.hello is not None
        wanted = run_frame([(number, encode_body(each)) for number, each in enumerate(PROGRAMS, 1)])
        load = json.dumps({"load": "echo", "paths": [str(MODULES)]}).encode() + b"\n"
        frames += [("load-request", load), ("run-request", wanted)]
        os.set_blocking(worker.request_fd, True)
        os.set_blocking(worker.reply_fd, True)
        with open(worker.request_fd, "wb", closefd=False) as requests:
            requests.write(load + json.dumps({"load": "nowhere", "paths": []}).encode() + b"\n" + wanted)
        with open(worker.reply_fd, "rb", closefd=False) as replies:
            frames += [("load-reply", replies.readline()) for _ in range(2)]
            frames += [(kind, replies.readline()) for _ in PROGRAMS for kind in ("begin", "reply")]
        yield frames
    finally:
        worker.kill()


def test_every_frame_of_a_real_session_is_valid(session: list[tuple[str, bytes]]) -> None:
    assert len(session) == 4 + 2 * len(PROGRAMS)
    whole = jsonschema.Draft202012Validator(SCHEMA)
    for kind, frame in session:
        error = jsonschema.exceptions.best_match(validator(kind).iter_errors(json.loads(frame)))
        assert error is None, f"{kind}: {frame[:2000]!r}: {error}"
        assert kind == "run-request" or whole.is_valid(json.loads(frame))


def test_a_real_session_shows_every_tag_and_every_effect_that_is_in_the_table(session: list[tuple[str, bytes]]) -> None:
    told = b"".join(frame for _, frame in session)
    missing = [tag for tag in ROWS_SEEN if b'["%s"' % tag.encode() not in told]
    assert missing == []
    effects = SCHEMA["$defs"]["observation"]["anyOf"][0]["prefixItems"][2]["properties"]
    # What plain Python does not do: leave an exception behind as being handled, and complain at the exit.
    assert {name for name in effects if b'"%s": ' % name.encode() not in told} == {"handled", "exit"}


ROWS_SEEN = [*"ifubBcrxENTMameOCIRko&@ltSZd", "^", "!"]


def test_a_handshake_is_valid_and_one_of_another_protocol_is_not() -> None:
    worker = WorkerProcess.start("real", WorkerCommand((sys.executable,)))
    worker.kill()
    hello = {"hello": json.loads(msgspec.json.encode(worker.hello))}
    validator("handshake").validate(hello)
    for field in hello["hello"]:
        less = copy.deepcopy(hello)
        del less["hello"][field]
        assert not validator("handshake").is_valid(less), field
    assert not validator("handshake").is_valid({"hello": {**hello["hello"], "protocol": 1}})


# What has another shape than the wire form, however near.
WRONG: list[Any] = [
    *({}, [], ["q"], ["i"], ["i", 5], ["i", "12"], ["f", "00"], ["u", "x"], ["u", [-1]], ["u", [1.5]], ["b", "0"]),
    *(["b", "zz"], ["c", 1], ["c", 1, True], ["l", {}], ["r", 1, 2], ["E", 1], ["T", 5], ["M", "x", 5]),
    *(["a", "b", "0"], ["m", "00", "B", 1], ["e", "x"], ["e", "x", [], []], ["e", "x", [], {"new": 1}]),
    *(["e", "x", [], {"cause": 5}], ["O", "int", 1], ["O", "int", 1, [["f", 5]]], ["C", 5], ["I", [["!", 1, 2]]]),
    *(["k", "x"], ["k", "x", 1, []], ["o", "x", "y", {"a": {}}], ["&", []], ["&", -1], ["@", "x"], ["R", True]),
]


@pytest.mark.parametrize("wire", WRONG, ids=str)
def test_schema_and_harness_refuse_the_same(wire: Any) -> None:
    assert not is_value(wire)
    assert not validator("value").is_valid(wire)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_schema_and_harness_take_the_same(value: Any) -> None:
    wire = json.loads(json.dumps(encode(value)))
    assert is_value(wire)
    validator("value").validate(wire)


@pytest.mark.parametrize(
    "observation",
    [
        *([], ["r"], ["x", 1], ["r", 1, {}, {}], ["r", 1, []], ["r", {}], ["e", 1], ["e", ["l"]], "r1"),
        *(["r", 1, {"stdout": 5}], ["r", 1, {"news": 1}], ["r", 1, {"calls": [["f"]]}], ["r", 1, {"same": [1]}]),
        *(["r", 1, {"warnings": [["a", "b"]]}], ["r", 1, {"arguments": []}], ["r", 1, {"equality": {"0": [1]}}]),
    ],
    ids=str,
)
def test_schema_and_harness_refuse_the_same_observations(observation: Any) -> None:
    assert not validator("observation").is_valid(observation)
    with pytest.raises(WorkerProtocolError, match=r"^fake: not observations: "):
        parse_observations(json.dumps([observation]).encode(), 1, "fake")


def test_parsers_take_what_the_schema_takes(session: list[tuple[str, bytes]]) -> None:
    for kind, frame in session:
        if kind == "reply":
            sequence, wires = json.loads(frame)
            assert len(parse_observations(json.dumps(wires).encode(), len(wires), "real")) == len(wires), sequence
        elif kind == "load-reply":
            parse_load(frame, json.loads(frame)["load"], "real")
    with pytest.raises(WorkerProtocolError):
        parse_hello(b"{}", "real")


def test_the_shipped_schema_is_what_the_tables_say() -> None:
    shipped = json.loads(files("harness").joinpath(PROTOCOL_SCHEMA_NAME).read_text())
    assert shipped == json.loads(json.dumps(SCHEMA)), (
        f"run: backend-matrix schema protocol > harness/{PROTOCOL_SCHEMA_NAME}"
    )


def test_the_command_prints_the_schema() -> None:
    assert json.loads(CliRunner().invoke(main, ["schema", "protocol"]).output) == json.loads(json.dumps(SCHEMA))
    wrong = CliRunner().invoke(main, ["schema", "replies"])
    assert wrong.exit_code == 2
    assert "'replies' is not one of 'case-files', 'book', 'protocol'" in wrong.output


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_another_worker_file_is_told_by_its_digest(tmp_path: Path) -> None:
    from harness import worker

    other = tmp_path / "worker.py"
    shutil.copy(worker.__file__, other)
    other.write_text(other.read_text() + "# changed\n")
    script = tmp_path / "run.py"
    script.write_text(f"import runpy, sys\nsys.argv[0] = {str(other)!r}\ndel sys.argv[1]\n"
                      f"sys.path.insert(0, '')\nrunpy.run_path({str(other)!r}, run_name='__main__')\n")  # fmt: skip
    with pytest.raises(WorkerProtocolError, match=r"^real: runs another worker file \([0-9a-f]{32}\) than the harness"):
        WorkerProcess.start("real", WorkerCommand((sys.executable, str(script))))
