"""What a person reads when an item fails: the program, both observations, and where they differ."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from harness.codec import decode
from harness.crashes import shown_traces
from harness.findings import Finding, Judged, place_of
from harness.observation import Crashed, Divergence, Hung, Observation, Raised, Returned, Unsupported, Wire
from harness.program import CONTEXTS, PLAIN, Program, Step
from harness.render import render, render_step
from harness.report.blaming import describe_blame
from harness.unfinished import doubt_of
from harness.values import Result, Value

LINE_LIMIT = 400
WIDTH = 78
TERMINAL = 80
SKEW_SHOWN = 3


def describe_findings(
    findings: Sequence[Judged],
    *,
    reference: str,
    other: str,
    drafts: Sequence[str] = (),
    book: str = "",
    further: Callable[[Judged], Iterable[str]] = lambda judged: (),
) -> str:
    """Return the text of everything that was found in one item; the backends are named.

    ``drafts`` are the entries that record the findings in the file ``book``; ``further`` gives the lines that are
    said of a finding beside what was seen.
    """
    told = ["\n".join([describe_finding(each, reference=reference, other=other), *further(each)]) for each in findings]
    lines = [f"\n{'-' * WIDTH}\n".join(told)]
    if drafts:
        lines += ["", f"What is to stay stands in {book}, with a reason;"]
        lines += ["--update-known writes it there:", "", "known:", *drafts]
    return "\n".join([*lines, ""])


def headline(findings: Sequence[Judged]) -> str:
    """Return one line with the kind and place of every finding of an item."""
    return ", ".join(
        (f"{doubt_of(each.flaky)}: " if each.flaky else "") + " at ".join(map(_printable, each.finding.identity))
        for each in findings
    )


def describe_skew(skewed: Sequence[Judged]) -> str:
    """Return one line about the differences that versions of Python may explain: how many, where, and why."""
    places = [" at ".join(map(_printable, each.finding.bare)) for each in skewed]
    shown = ", ".join(places[:SKEW_SHOWN]) + f" and {len(places) - SKEW_SHOWN} more" * (len(places) > SKEW_SHOWN)
    reasons = "; ".join(dict.fromkeys(each.skew for each in skewed))
    return _cut(f"skew: {shown} ({reasons})")


def describe_finding(judged: Judged, *, reference: str, other: str) -> str:
    """Return the text of one finding: the smallest program, both observations, and where they differ."""
    finding = judged.finding
    divergence = finding.divergence
    width = max(len(reference), len(other))
    lines = [f"{other} does not do what {reference} does: {divergence.kind} differs", ""]
    if judged.flaky:
        differed = f"{divergence.kind} differed between {reference} and {other}"
        lines[0] = f"{doubt_of(judged.flaky)}: {differed}, but {judged.flaky}"
    context = CONTEXTS[finding.program.context]
    lines += [f"Smallest program found{', ' * bool(context)}{context}:", ""]
    for number, step in enumerate(finding.program.steps):
        marker = ">" if number == divergence.step else " "
        lines.append(f"  {marker} {_cut(render_step(step, number, alone=finding.program.alone))}")
    for line in _after(finding.program.after):
        lines.append(line)
    if divergence.step < len(finding.program.steps) - 1:
        lines.append("    (steps after the marked one are not judged)")
    lines.append("")
    for name, observations in ((reference, finding.reference), (other, finding.other)):
        seen = list(describe_observation(observations[min(divergence.step, len(observations) - 1)]))
        lines.append(f"  {name:<{width}}  {seen[0]}")
        lines += [f"  {'':<{width}}  {each}" for each in seen[1:]]
    lines += ["", _cut(f"Where: {place_of(finding.program, divergence)}")]
    for name, part in zip((reference, other), _parts(divergence)):
        lines.append(f"  {name:<{width}}  {part}")
    if judged.blame is not None:
        told = describe_blame(judged.blame, reference=reference, other=other)
        lines += ["", *(part for line in told for part in _wrapped(_cut(line)))]
    return "\n".join(lines)


def told_variation(finding: Finding) -> str:
    """Return what varied between two answers of one backend, with both: `` (value at f(): 1, then 2)``."""
    first, second = _parts(finding.divergence)
    kind, place = finding.identity
    return _cut(f" ({kind} at {place}: {first}, then {second})")


def _parts(divergence: Divergence) -> tuple[str, str]:
    return differing_parts(divergence.kind, divergence.reference, divergence.other)


def differing_parts(kind: str, reference: Wire, other: Wire) -> tuple[str, str]:
    """Return the differing parts as text that shows the difference, however long they are."""
    if kind == "outcome":
        return str(reference), str(other)
    left, right = (_printable(describe_part(each)) for each in (reference, other))
    alike = next((index for index, pair in enumerate(zip(left, right)) if pair[0] != pair[1]), 0)
    if max(len(left), len(right)) > LINE_LIMIT and alike > LINE_LIMIT // 2:
        skipped = alike - LINE_LIMIT // 4
        left, right = (f"({skipped} characters alike) …{each[skipped:]}" for each in (left, right))
    return _cut(left), _cut(right)


def step_entry(step: Step) -> str:
    """Return a step as a case file's flow mapping, its values as expressions."""
    if step.kind in ("forget", "collect"):
        return f"{{{step.kind}: {step.count}}}"
    operands = list(step.arguments)
    parts = []
    if step.kind not in ("call", "subclass", "surface"):
        target = operands.pop(0)
        on = str(target.step) if isinstance(target, Result) else quoted(target)
        parts.append(f"{'apply' if step.kind == 'apply' else 'on'}: {on}")
    if step.kind in ("iterate", "pickle"):
        return "{" + ", ".join([f"{step.kind}: {step.count}", *parts]) + "}"
    if step.kind != "apply":
        parts.insert(0, f"{step.kind}: {json.dumps(step.name) if step.kind == 'unpack' else step.name}")
    if step.kind == "set":
        parts.append(f"value: {quoted(operands[0])}")
    elif operands:
        parts.append(f"args: [{', '.join(quoted(each) for each in operands)}]")
    if any(not name.isidentifier() for name, _ in step.keywords):
        # YAML cannot say every string, an expression can.
        parts.append(f"extra_kwargs: {quoted(dict(step.keywords))}")
    elif step.keywords:
        named = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {quoted(value)}" for name, value in step.keywords)
        parts.append(f"kwargs: {{{named}}}")
    return "{" + ", ".join(parts) + "}"


def earlier_entry(program: Program, observe: Sequence[str]) -> str:
    """Return a program that comes before another one as a case file's flow mapping; ``observe`` is that one's."""
    parts = [f"program: [{', '.join(map(step_entry, program.steps))}]"]
    if program.context != PLAIN:
        parts.append(f"context: {program.context}")
    if set(program.observe) != set(observe):
        parts.append(f"observe: [{', '.join(program.observe)}]")
    return "{" + ", ".join(parts) + "}"


def quoted(value: Value) -> str:
    """Return a value as an expression, in the quotes of YAML."""
    # YAML has no surrogate pairs, which is how JSON would write what is beyond the BMP.
    return json.dumps(render(value), ensure_ascii=False)


def describe_observation(observation: Observation) -> Iterator[str]:
    """Yield one line for the outcome and one for each side effect."""
    match observation.outcome:
        case Returned(value=value):
            yield _cut(f"returned {_shown(value)}")
        case Raised(exception=exception, unprepared=early):
            yield _cut(f"raised {describe_exception(exception)}{' while its arguments were made' if early else ''}")
            yield from _exception_details(exception)
        case Crashed(signal=signal, stderr=stderr, cause=cause, traces=traces, early=early):
            yield f"crashed: the worker {signal}{' before the program began' if early else ''}"
            yield from (_cut(f"  {line}") for line in ([cause] if cause else []))
            yield from _cut_lines(stderr.splitlines())
            yield from _cut_lines(shown_traces(traces))
        case Hung(timeout_s=timeout_s, traces=traces):
            yield f"hung: no answer within {timeout_s:g} s; the worker was killed"
            yield from _cut_lines(shown_traces(traces))
        case Unsupported(missing=missing):
            yield f"unsupported: {', '.join(missing)} missing"
    for name, effect in observation.effects.items():
        yield _cut(f"{name}: {describe_effect(name, effect)}")


def _after(before: Sequence[Program]) -> Iterator[str]:
    if before:
        which = "this program" if len(before) == 1 else f"these {len(before)} programs"
        yield f"    (only after {which} in the same process:)"
        for program in before:
            yield from (_cut(f"      {line}") for line in program_text(program).splitlines())


def _cut_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the first and last of what a process or an interpreter said."""
    yield from (_cut(f"  {line}") for line in ([*lines[:5], *lines[-4:]] if len(lines) > 9 else lines))


def describe_effect(name: str, effect: Wire) -> str:
    """Return a side effect as text."""
    if name == "grows":
        return f"the process, by {effect / 1024:.0f} KiB in 1,000 repeats"
    match name:
        case "arguments":
            return ", ".join(f"{argument} is now {describe_part(wire)}" for argument, wire in effect.items())
        case "calls":
            return ", ".join(_shown_call(function, wire) for function, wire in effect)
        case "results":
            return ", ".join(f"r{number} is now {describe_part(wire)}" for number, wire in effect.items())
        case "warnings":
            return ", ".join(_shown_warning(*each) for each in effect)
        case "unraisable" | "thread-exceptions":
            return ", ".join(_shown_unraised(*each) for each in effect)
        case "same":
            return f"the result is {', '.join(map(_known_as, effect))}"
        case "shared":
            return ", ".join(
                f"its object {own} is object {number} of {_known_as(name)}" for own, name, number in effect
            )
        case "equality":
            return ", ".join(_shown_equality(number, *each) for number, each in effect.items())
        case "handled" | "pickled":
            left = "left for sys.exc_info(): " if name == "handled" else ""
            return left + ", ".join(map(describe_part, effect))
        case "died" | "leaked":
            return ", ".join(effect)
        case "exit":
            return ", ".join(f"{each}: {describe_effect(each, inner)}" for each, inner in effect.items())
    return describe_part(effect)


def _known_as(name: str) -> str:
    """Return the words for an object that has a name; a position or a keyword's name is an argument."""
    return name if name == "self" or " " in name else f"argument {name}"


def _shown_warning(path: str, text: Wire, where: str) -> str:
    return f"{path.removeprefix('builtins.')}: {_text(text)} ({where})"


def _shown_unraised(exception: Wire, message: str | None = None, about: Wire = None) -> str:
    """Return what a hook was given: an exception, the interpreter's words for where, and the object it is about."""
    where = [*([message] if message else []), *([] if about is None else [describe_part(about)])]
    return " ".join([describe_exception(exception), *([f"({': '.join(where)})"] if where else [])])


def _shown_equality(number: str, equal: Wire, alike: bool | str) -> str:
    hashes = f"hash() raises {alike}" if isinstance(alike, str) else f"hashes {'alike' if alike else 'otherwise'}"
    return f"== r{number} is {describe_part(equal)} and {hashes}"


def _shown_call(function: str, wire: Wire) -> str:
    given = decode(wire)
    if isinstance(given, int):
        return f"{function}({'…' if given else ''})"
    positional, keywords = given
    return f"{function}({', '.join([*map(render, positional), *(f'{k}={render(v)}' for k, v in keywords.items())])})"


def describe_exception(exception: Wire) -> str:
    """Return ``ValueError: text`` for an exception in wire form."""
    name = str(exception[1]).removeprefix("builtins.")
    return f"{name}: {_text(exception[3].get('str'))}"


def _exception_details(exception: Wire) -> Iterator[str]:
    details = exception[3]
    for name in ("cause", "context"):
        if isinstance(details.get(name), str):
            yield f"  {name}: {details[name]}"
        elif name in details:
            yield _cut(f"  {name}: {describe_exception(details[name])}")
    if "notes" in details:
        yield _cut(f"  notes: {[_text(each) for each in details['notes']]}")


def describe_part(part: Wire) -> str:
    """Return a part of an observation as text, whatever its shape."""
    if part is None:
        return "(nothing)"
    if isinstance(part, list) and len(part) == 4 and part[0] == "e" and isinstance(part[3], dict):
        return describe_exception(part)
    if isinstance(part, str):
        return repr(part)
    try:
        return _shown(part)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return json.dumps(part)


def _shown(wire: Wire) -> str:
    return render(decode(wire))


def _text(wire: Wire) -> str:
    return str(decode(wire))


def program_text(program: Program) -> str:
    """Return a program as Python lines, each cut to a bounded length."""
    lines = [_cut(render_step(step, number, alone=program.alone)) for number, step in enumerate(program.steps)]
    return "\n".join([f"# {CONTEXTS[program.context]}", *lines] if program.context != PLAIN else lines)


def _printable(text: str) -> str:
    """Escape, as Python does, what would upset a terminal or cannot be written at all."""
    return text if text.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _wrapped(line: str) -> list[str]:
    """Return a line in parts that a terminal has room for, the later ones set in."""
    return textwrap.wrap(line, TERMINAL, subsequent_indent=" " * 6, break_long_words=False, break_on_hyphens=False)


def _cut(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= LINE_LIMIT else f"{text[:LINE_LIMIT]}… ({len(text)} characters)"
