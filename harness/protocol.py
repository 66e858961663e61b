"""Frames between the harness and a worker: bytes to typed values and back, checked.

One JSON document per line (``docs/protocol.md``).  String keys stop here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from harness.codec import encode_program
from harness.errors import WorkerProtocolError
from harness.handshake import PROTOCOL, Hello
from harness.observation import Observation, Outcome, Raised, Returned, Wire
from harness.program import Program

FRAME_LIMIT_BYTES = 64 * 2**20


class _HelloFrame(msgspec.Struct, frozen=True):
    hello: Hello


class LoadReply(msgspec.Struct, frozen=True):
    """The answer to a request to import a module; ``failed`` is the exception, or None."""

    load: str
    failed: Any


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
_hello_decoder = msgspec.json.Decoder(_HelloFrame)
_load_decoder = msgspec.json.Decoder(LoadReply)


def encode_body(program: Program) -> bytes:
    """Return a program in its wire form, as it stands in a request after its sequence number."""
    return _encoder.encode(encode_program(program))[1:]


def run_frame(bodies: list[tuple[int, bytes]]) -> bytes:
    """Return the request to run several programs, each given by its sequence number and its body."""
    return b'{"run":[' + b",".join([b"[%d,%s" % each for each in bodies]) + b"]}\n"


def load_frame(module: str, paths: list[str], caller: str | None = None) -> bytes:
    """Return the request to import a module, with directories to put on ``sys.path``.

    ``caller`` is the dotted path of the function that calls what is called in a callback.
    """
    asked = {"load": module, "paths": paths} | ({} if caller is None else {"caller": caller})
    return _encoder.encode(asked) + b"\n"


def parse_hello(line: bytes, backend: str) -> Hello:
    """Return the handshake.  Raises: WorkerProtocolError -- it is none, or of another protocol."""
    try:
        hello = _hello_decoder.decode(line).hello
    except (msgspec.DecodeError, ValueError) as error:
        raise WorkerProtocolError(f"{backend}: no handshake but {line[:200]!r}: {error}") from None
    if hello.protocol != PROTOCOL:
        raise WorkerProtocolError(f"{backend}: speaks protocol {hello.protocol}, not {PROTOCOL}")
    return hello


def parse_load(line: bytes, backend: str) -> LoadReply:
    """Return the answer to a load request.  Raises: WorkerProtocolError -- it is none."""
    try:
        return _load_decoder.decode(line)
    except (msgspec.DecodeError, ValueError) as error:
        raise WorkerProtocolError(f"{backend}: no answer to a load but {line[:200]!r}: {error}") from None


def split_reply(line: bytes, expected: int, backend: str) -> bytes:
    """Return the raw observations of a reply line.

    Raises: WorkerProtocolError -- it does not answer the program with sequence number ``expected``.
    """
    prefix = b"[%d, " % expected
    if line.startswith(prefix) and line.endswith(b"]"):
        return line[len(prefix) : -1]
    try:
        sequence, _ = _decoder.decode(line)
    except (msgspec.DecodeError, ValueError, TypeError):
        raise WorkerProtocolError(f"{backend}: not a reply: {line[:200]!r}") from None
    if sequence != expected:
        raise WorkerProtocolError(f"{backend}: answered program {sequence!r} when {expected} was due")
    return line[line.index(b",") + 1 : -1]


def parse_observations(raw: bytes, steps: int, backend: str) -> tuple[Observation, ...]:
    """Return the observations of one program with that many steps.

    Raises: WorkerProtocolError -- they have another shape or number.
    """
    try:
        wires = _decoder.decode(raw)
        observations = tuple(_observation(wire) for wire in wires)
    except (msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError) as error:
        raise WorkerProtocolError(f"{backend}: not observations: {raw[:200]!r}: {error}") from None
    if len(observations) != steps:
        raise WorkerProtocolError(f"{backend}: {len(observations)} observations of {steps} steps")
    return observations


def _observation(wire: Wire) -> Observation:
    tag, value = wire[0], wire[1]
    effects = dict(wire[2]) if len(wire) > 2 else {}
    outcome: Outcome
    if tag == "r":
        outcome = Returned(value)
    elif tag == "e":
        outcome = Raised(value, unprepared=bool(effects.pop("unprepared", False)))
    else:
        raise ValueError(f"unknown outcome {tag!r}")
    return Observation(outcome, effects)
