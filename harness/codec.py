"""Values to the wire and back: pure functions, the parent's side of ``docs/protocol.md``.

The worker has the mirror of this file in ``build`` and ``encode`` of :mod:`harness.worker`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from harness.errors import UnsendableValueError
from harness.observation import Wire
from harness.program import PLAIN, Program, Step
from harness.values import (
    Again,
    ArrayOf,
    Callback,
    Cycle,
    ExceptionValue,
    Inherited,
    InTurn,
    IteratorOf,
    Made,
    Named,
    NoMethod,
    Odd,
    Opaque,
    Raises,
    Result,
    Subclassed,
    Value,
    ViewOf,
)

# Integers beyond this do not survive readers of JSON that use doubles (RFC 8259, section 6).
JSON_INTEGER_LIMIT = 2**53


def encode(value: Value) -> Wire:
    """Return the wire form of a value.

    Raises: UnsendableValueError -- the value is of a type that has no wire form.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise UnsendableValueError(
            f"a value of type {type(value).__qualname__} cannot be sent to a worker here: {value!r:.200}"
        )
    return encoder(value)


def _encode_int(value: int) -> Wire:
    return value if -JSON_INTEGER_LIMIT <= value <= JSON_INTEGER_LIMIT else ["i", hex(value)]


def _encode_float(value: float) -> Wire:
    # A NaN or an infinity minus itself is a NaN, which equals nothing.
    return value if value - value == 0.0 else ["f", struct.pack(">d", value).hex()]


def _encode_str(value: str) -> Wire:
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return ["u", [ord(each) for each in value]]
    return value


def _encode_all(tag: str) -> Callable[[Iterable[Value]], Wire]:
    return lambda values: [tag, *map(encode, values)]


def _encode_set(tag: str) -> Callable[[Iterable[Value]], Wire]:
    # In an order of our own: str hashes are salted, and the same seed must send the same bytes.
    return lambda values: [tag, *sorted(map(encode, values), key=msgspec.json.encode)]


def _encode_dict(value: dict[Value, Value]) -> Wire:
    wire: list[Wire] = ["d"]
    for key, item in value.items():
        wire += (encode(key), encode(item))
    return wire


def _encode_outcome(outcome: Value) -> Wire:
    if type(outcome) is Inherited:
        return ["^"]
    return ["!", outcome.exception, _encode_str(outcome.message)] if type(outcome) is Raises else encode(outcome)


def _encode_outcomes(behaviour: Value) -> Wire:
    if type(behaviour) is NoMethod:
        return None
    outcomes = behaviour.outcomes if type(behaviour) is InTurn else (behaviour,)
    return [_encode_outcome(each) for each in outcomes]


def _encode_exception(value: ExceptionValue) -> Wire:
    details: dict[str, Wire] = {}
    if value.notes:
        details["notes"] = [encode(each) for each in value.notes]
    if value.context is not None:
        details["context"] = encode(value.context)
    if value.cause is not None:
        details["cause"] = encode(value.cause)
    return ["e", value.type, [encode(each) for each in value.arguments], details]


_ENCODERS: dict[type, Callable[[Any], Wire]] = {
    type(None): lambda value: None,
    bool: lambda value: value,
    int: _encode_int,
    float: _encode_float,
    str: _encode_str,
    bytes: lambda value: ["b", value.hex()],
    bytearray: lambda value: ["B", value.hex()],
    complex: lambda value: ["c", _encode_float(value.real), _encode_float(value.imag)],
    list: _encode_all("l"),
    tuple: _encode_all("t"),
    set: _encode_set("S"),
    frozenset: _encode_set("Z"),
    dict: _encode_dict,
    range: lambda value: ["r", encode(value.start), encode(value.stop), encode(value.step)],
    slice: lambda value: ["x", encode(value.start), encode(value.stop), encode(value.step)],
    type(...): lambda value: ["E"],
    type(NotImplemented): lambda value: ["N"],
    Named: lambda value: ["T", value.path],
    Made: lambda value: ["M", value.path, [encode(each) for each in value.arguments]],
    ArrayOf: lambda value: ["a", value.typecode, value.data.hex()],
    ViewOf: lambda value: ["m", value.data.hex(), value.format, value.readonly],
    ExceptionValue: _encode_exception,
    Odd: lambda value: [
        "O",
        value.base,
        encode(value.payload),
        [[name, _encode_outcomes(behaviour)] for name, behaviour in value.methods],
    ],
    Callback: lambda value: ["C", [_encode_outcome(each) for each in value.outcomes]],
    IteratorOf: lambda value: ["I", [_encode_outcome(each) for each in value.entries]],
    Result: lambda value: ["R", value.step],
}


def encode_step(step: Step) -> Wire:
    """Return the wire form of one step."""
    arguments = [encode(each) for each in step.arguments]
    encode_keyword = _encode_outcomes if step.kind == "subclass" else encode
    keywords = [[_encode_str(name), encode_keyword(value)] for name, value in step.keywords]
    match step.kind:
        case "call":
            return ["call", step.name, arguments, keywords]
        case "method":
            return ["method", arguments[0], step.name, arguments[1:], keywords]
        case "iterate" | "pickle":
            return [step.kind, step.count, arguments]
        case "forget" | "collect":
            return [step.kind, step.count]
        case "with" | "apply" | "subclass":
            return [step.kind, step.name, arguments, keywords]
        case _:
            return [step.kind, step.name, arguments]


def encode_program(program: Program) -> Wire:
    """Return the form in which a program is stored: its wire form, and the programs after which it comes."""
    if not program.after:
        return encode_alone(program)
    module, steps, *options = encode_alone(program)
    after = [encode_program(each) for each in program.after]
    return [module, steps, {**(options[0] if options else {}), "after": after}]


def encode_alone(program: Program) -> Wire:
    """Return the wire form of a program by itself, without its sequence number."""
    wire: list[Wire] = [program.module, [encode_step(each) for each in program.steps]]
    options: dict[str, Wire] = {}
    if program.context != PLAIN:
        options["context"] = program.context
    if program.observe:
        options["observe"] = list(program.observe)
    return [*wire, options] if options else wire


# --- back ------------------------------------------------------------------------------------------


def decode(wire: Wire) -> Value:
    """Return the value that a wire form stands for.

    A set or dict whose elements are hashable only in the worker comes back as the call that makes it.

    Raises: ValueError -- ``wire`` is not in the wire form.
    """
    if not isinstance(wire, (list, dict)):
        return wire
    if isinstance(wire, dict) or not wire or not isinstance(wire[0], str) or wire[0] not in _DECODERS:
        raise ValueError(f"not in the wire form: {wire!r:.80}")
    return _DECODERS[wire[0]](wire)


def decode_program(wire: Wire) -> Program:
    """Return the program that :func:`encode_program` encoded."""
    module, steps, *rest = wire
    options = rest[0] if rest else {}
    return Program(
        module,
        tuple(_decode_step(each) for each in steps),
        options.get("context", PLAIN),
        tuple(options.get("observe", ())),
        tuple(decode_program(each) for each in options.get("after", ())),
    )


def _decode_step(wire: Wire) -> Step:
    match wire:
        case ["call", name, arguments, keywords]:
            return Step("call", name, _decode_all(arguments), _decode_keywords(keywords))
        case ["method", target, name, arguments, keywords]:
            operands = (decode(target), *_decode_all(arguments))
            return Step("method", name, operands, _decode_keywords(keywords))
        case ["iterate" | "pickle" as kind, count, arguments]:
            return Step(kind, "", _decode_all(arguments), count=count)
        case ["forget" | "collect" as kind, count]:
            return Step(kind, count=count)
        case ["subclass", name, arguments, overrides]:
            methods = tuple((decode(method), _decode_outcomes(outcomes)) for method, outcomes in overrides)
            return Step("subclass", name, _decode_all(arguments), methods)
        case ["with" | "apply" as kind, name, arguments, keywords]:
            return Step(kind, name, _decode_all(arguments), _decode_keywords(keywords))
        case [kind, name, arguments]:
            return Step(kind, name, _decode_all(arguments))
    raise ValueError(f"not the wire form of a step: {wire!r:.80}")


def _decode_all(wires: Iterable[Wire]) -> tuple[Value, ...]:
    return tuple(decode(each) for each in wires)


def _decode_keywords(wires: Iterable[Wire]) -> tuple[tuple[str, Value], ...]:
    return tuple((decode(name), decode(value)) for name, value in wires)


def _decode_set(make: Callable[[Iterable[Value]], Value]) -> Callable[[list[Wire]], Value]:
    def decode_elements(wire: list[Wire]) -> Value:
        elements = _decode_all(wire[1:])
        try:
            return make(elements)
        except TypeError:
            # A description that holds a list has no hash, though the object that it describes has one.
            return Made(f"builtins.{make.__name__}", (list(elements),))

    return decode_elements


def _decode_dict(wire: list[Wire]) -> Value:
    items = [(decode(wire[i]), decode(wire[i + 1])) for i in range(1, len(wire), 2)]
    try:
        return dict(items)
    except TypeError:
        return Made("builtins.dict", (items,))


def _decode_outcome(wire: Wire) -> Value:
    if type(wire) is list and wire[:1] == ["^"]:
        return Inherited()
    if type(wire) is list and wire[:1] == ["!"]:
        return Raises(wire[1], decode(wire[2]))
    return decode(wire)


def _decode_outcomes(wires: list[Wire] | None) -> Value:
    if wires is None:
        return NoMethod()
    outcomes = tuple(_decode_outcome(each) for each in wires)
    return outcomes[0] if len(outcomes) == 1 else InTurn(outcomes)


def _decode_exception(wire: list[Wire]) -> ExceptionValue:
    details = wire[3] if len(wire) > 3 else {}
    return ExceptionValue(
        wire[1],
        _decode_all(wire[2]),
        _decode_all(details.get("notes", ())),
        decode(details.get("cause")),
        decode(details.get("context")),
    )


def _decode_range(parts: tuple[Value, ...]) -> Value:
    # An interpreter may keep a subclass of int as a bound, of which no range of ours can be made.
    return range(*parts) if all(type(part) is int for part in parts) else Made("builtins.range", parts)


def _decode_state(wires: list[dict[str, Wire]]) -> tuple[tuple[str, Value], ...]:
    return tuple((name, decode(wire)) for each in wires for name, wire in each.items())


_DECODERS: dict[str, Callable[[list[Wire]], Value]] = {
    "i": lambda wire: int(wire[1], 16),
    "f": lambda wire: struct.unpack(">d", bytes.fromhex(wire[1]))[0],
    "u": lambda wire: "".join(map(chr, wire[1])),
    "b": lambda wire: bytes.fromhex(wire[1]),
    "B": lambda wire: bytearray.fromhex(wire[1]),
    "c": lambda wire: complex(decode(wire[1]), decode(wire[2])),
    "l": lambda wire: [decode(each) for each in wire[1:]],
    "t": lambda wire: tuple([decode(each) for each in wire[1:]]),
    "S": _decode_set(set),
    "Z": _decode_set(frozenset),
    "d": _decode_dict,
    "r": lambda wire: _decode_range(_decode_all(wire[1:])),
    "x": lambda wire: slice(*_decode_all(wire[1:])),
    "E": lambda wire: ...,
    "N": lambda wire: NotImplemented,
    "T": lambda wire: Named(wire[1]),
    "M": lambda wire: Made(wire[1], _decode_all(wire[2])),
    "a": lambda wire: ArrayOf(wire[1], bytes.fromhex(wire[2])),
    "m": lambda wire: ViewOf(bytes.fromhex(wire[1]), wire[2], wire[3]),
    "e": _decode_exception,
    "O": lambda wire: Odd(
        wire[1], decode(wire[2]), tuple((name, _decode_outcomes(outcomes)) for name, outcomes in wire[3])
    ),
    "C": lambda wire: Callback(tuple(_decode_outcome(each) for each in wire[1])),
    "I": lambda wire: IteratorOf(tuple(_decode_outcome(each) for each in wire[1])),
    "R": lambda wire: Result(wire[1]),
    "k": lambda wire: Subclassed(wire[1], decode(wire[2]), _decode_state(wire[3:])),
    "o": lambda wire: Opaque(wire[1], decode(wire[2]), _decode_state(wire[3:])),
    "@": lambda wire: Cycle(wire[1]),
    "&": lambda wire: Again(wire[1]),
}
