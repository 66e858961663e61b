"""Frames between the harness and a worker: bytes to typed values and back, checked.

One JSON document per line (``docs/protocol.md``).  String keys stop here.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from harness import worker
from harness.codec import encode_alone
from harness.errors import (
    MalformedReplyError,
    NoHandshakeError,
    OtherProtocolError,
    OtherWorkerError,
    OversizedReplyError,
    RepeatedReplyError,
    TruncatedReplyError,
    UnaskedReplyError,
    WrongCountError,
    WrongSequenceError,
    WrongShapeError,
)
from harness.handshake import PROTOCOL, Hello
from harness.observation import Observation, Outcome, Raised, Returned, Wire
from harness.program import Program
from harness.wire_form import EXCEPTION, OBSERVATION

FRAME_LIMIT_BYTES = 64 * 2**20
DEPTH_LIMIT = 700
"""Containers inside each other in one line: a worker cuts values at 220, and each is two or three of JSON's."""

SHOWN_BYTES = 200


class _HelloFrame(msgspec.Struct, frozen=True):
    hello: Hello


class _Spoken(msgspec.Struct, frozen=True):
    protocol: int


class _SpokenFrame(msgspec.Struct, frozen=True):
    hello: _Spoken


class LoadReply(msgspec.Struct, frozen=True):
    """The answer to a request to import a module; ``failed`` is the exception, or None."""

    load: str
    failed: Any


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
_spoken_decoder = msgspec.json.Decoder(_SpokenFrame)
_hello_decoder = msgspec.json.Decoder(_HelloFrame)
_load_decoder = msgspec.json.Decoder(LoadReply)


def encode_body(program: Program) -> bytes:
    """Return a program in its wire form, as it stands in a request after its sequence number.

    What it comes after is no part of it: those are programs of their own.
    """
    return _encoder.encode(encode_alone(program))[1:]


def run_frame(bodies: list[tuple[int, bytes]]) -> bytes:
    """Return the request to run several programs, each given by its sequence number and its body."""
    return b'{"run":[' + b",".join([b"[%d,%s" % each for each in bodies]) + b"]}\n"


def load_frame(module: str, paths: list[str], caller: str | None = None) -> bytes:
    """Return the request to import a module, with directories to put on ``sys.path``.

    ``caller`` is the dotted path of the function that calls what is called in a callback.
    """
    asked = {"load": module, "paths": paths} | ({} if caller is None else {"caller": caller})
    return _encoder.encode(asked) + b"\n"


def traces_frame(path: str) -> bytes:
    """Return the request to write what the threads do into a file, at a signal and when the process dies."""
    return _encoder.encode({"traces": path}) + b"\n"


def parse_hello(line: bytes, backend: str) -> Hello:
    """Return the handshake.

    Raises: NoHandshakeError, OtherProtocolError, OtherWorkerError -- it is none, or of another protocol or worker.
    """
    try:
        # Another protocol may have another shape; its number is asked first.
        spoken = _spoken_decoder.decode(line).hello.protocol
        if spoken != PROTOCOL:
            raise OtherProtocolError(
                f"{backend}: speaks protocol {spoken}, not {PROTOCOL}; have it run the worker file that it is given"
            )
        hello = _hello_decoder.decode(line).hello
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NoHandshakeError(f"{backend}: no handshake but {_shown(line)}: {error}") from None
    if hello.worker != worker_digest():
        raise OtherWorkerError(
            f"{backend}: runs another worker file ({hello.worker:.32}) than the harness's ({worker_digest()}); "
            f"have it run the file that it is given, or start again if backend-matrix was installed meanwhile"
        )
    return hello


@cache
def worker_digest() -> str:
    """Return the digest of the worker file, which every handshake repeats."""
    return hashlib.blake2b(Path(worker.__file__).read_bytes(), digest_size=16).hexdigest()


def parse_load(line: bytes, module: str, backend: str) -> LoadReply:
    """Return the answer to the request to import a module.

    Raises: MalformedReplyError, WrongShapeError -- it is none.
    """
    try:
        reply = _load_decoder.decode(line)
    except msgspec.ValidationError as error:
        raise WrongShapeError(f"{backend}: no answer to a load but {_shown(line)}: {error}") from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedReplyError(f"{backend}: no answer to a load but {_shown(line)}: {error}") from None
    if reply.load != module:
        raise WrongShapeError(f"{backend}: no answer to the load of {module} but {_shown(line)}")
    if reply.failed is not None and not EXCEPTION.fits(reply.failed):
        raise WrongShapeError(f"{backend}: a load failed with no exception but {_shown(line)}")
    return reply


def check_size(incoming: bytearray, backend: str) -> None:
    """Check what has arrived of a line, before more of it is read.

    Raises: OversizedReplyError -- it is longer than any line may be already.
    """
    if len(incoming) > FRAME_LIMIT_BYTES and len(incoming) - incoming.rfind(b"\n") - 1 > FRAME_LIMIT_BYTES:
        raise OversizedReplyError(f"{backend}: a reply of more than {FRAME_LIMIT_BYTES} bytes: {_shown(incoming)}")


def unasked(line: bytes | bytearray, backend: str) -> UnaskedReplyError:
    """Return the error of a worker that says something when no program is on its way."""
    return UnaskedReplyError(f"{backend}: said something when nothing was asked: {_shown(line)}")


def truncated(half: bytes, how: str, backend: str) -> TruncatedReplyError:
    """Return the error of a worker that ended in the middle of a line; ``how`` says how it ended."""
    return TruncatedReplyError(f"{backend}: {how} in the middle of a reply: {_shown(half)}")


def is_begin(line: bytes, sequence: int) -> bool:
    """Whether a line says that the program with this sequence number begins."""
    return line == b"[%d]" % sequence


def split_reply(line: bytes, expected: int, backend: str) -> bytes:
    """Return the raw observations of a reply line.

    Raises: WorkerProtocolError -- it does not answer the program with sequence number ``expected``; the
    error's class says in which way.
    """
    prefix = b"[%d, " % expected
    if line.startswith(prefix) and line.endswith(b"]"):
        return line[len(prefix) : -1]
    match _decoded(line, backend):
        case [int(sequence), _] if sequence == expected:
            return line[line.index(b",") + 1 : line.rindex(b"]")]
        case [int(sequence), _] if 0 < sequence < expected:
            raise RepeatedReplyError(f"{backend}: answered program {sequence} again when {expected} was due")
        case [int(sequence), _]:
            raise WrongSequenceError(f"{backend}: answered program {sequence} when {expected} was due")
    raise WrongShapeError(f"{backend}: not a reply: {_shown(line)}")


def parse_observations(raw: bytes, steps: int, backend: str) -> tuple[Observation, ...]:
    """Return the observations of one program with that many steps.

    Raises: WorkerProtocolError -- they have another shape or number; the error's class says in which way.
    """
    wires = check_count(raw, steps, backend)
    try:
        if nested_too_deep(raw, wires):
            raise OversizedReplyError(f"{backend}: a reply nested more than {DEPTH_LIMIT} deep: {_shown(raw)}")
        return tuple(_observation(wire) for wire in wires)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise WrongShapeError(f"{backend}: not observations: {_shown(raw)}: {error}") from None


def check_count(raw: bytes, steps: int, backend: str) -> list[Wire]:
    """Return the observations of a program in wire form; only that each step has one is certain of them.

    Raises: WorkerProtocolError -- they are none, or another number.
    """
    wires = _decoded(raw, backend)
    if not isinstance(wires, list):
        raise WrongShapeError(f"{backend}: not observations: {_shown(raw)}")
    if len(wires) != steps:
        raise WrongCountError(f"{backend}: {len(wires)} observations of {steps} steps: {_shown(raw)}")
    return wires


def nested_too_deep(raw: bytes, wires: Wire) -> bool:
    """Whether a decoded document is nested deeper than anything that a worker describes."""
    # Nearly every reply has fewer brackets in all than may lie inside each other.
    if raw.count(b"[") + raw.count(b"{") <= DEPTH_LIMIT:
        return False
    level = [wires]
    for _ in range(DEPTH_LIMIT):
        held = [each for one in level for each in (one.values() if isinstance(one, dict) else one)]
        level = [each for each in held if isinstance(each, (list, dict))]
        if not level:
            return False
    return True


def _decoded(line: bytes, backend: str) -> Any:
    try:
        return _decoder.decode(line)
    except RecursionError:
        raise OversizedReplyError(f"{backend}: a reply nested more than {DEPTH_LIMIT} deep: {_shown(line)}") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise MalformedReplyError(f"{backend}: not a reply: {_shown(line)}: {error}") from None


def _shown(line: bytes | bytearray) -> str:
    """Return the beginning of a line as text that can be printed anywhere."""
    return ascii(bytes(line[:SHOWN_BYTES])) + ("..." if len(line) > SHOWN_BYTES else "")


def _observation(wire: Wire) -> Observation:
    """Return an observation; checked to the last part, so that nothing behind this meets what has no meaning."""
    if not OBSERVATION.fits(wire):
        tag = wire[0] if isinstance(wire, list) and wire else wire
        raise ValueError("not in the wire form" if tag in ("r", "e") else f"unknown outcome {tag!r:.40}")
    effects = dict(wire[2]) if len(wire) > 2 else {}
    unprepared = effects.pop("unprepared", False)
    outcome: Outcome = Returned(wire[1]) if wire[0] == "r" else Raised(wire[1], unprepared)
    return Observation(outcome, effects)
