"""Cases as the text of a case file, to keep and to edit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from harness.case_specs import CaseSpec, Expression, StepSpec
from harness.program import STEP_KINDS

WIDTH = 118


def case_file_text(extension: str, cases: Mapping[str, CaseSpec], *, left_out: Sequence[str] = ()) -> str:
    """Return a case file with these cases; ``left_out`` are names that nothing calls, told in a comment."""
    lines = ["# Made by --auto from what the extension shows and accepts; it is yours to edit."]
    if left_out:
        lines.append(f"# Not called, for their names: {', '.join(left_out)}")
    lines += [f"extension: {_quoted(extension)}", "cases:" if cases else "cases: {}"]
    for name, spec in cases.items():
        lines += _case(name, spec)
    return "\n".join(lines) + "\n"


def _case(name: str, spec: CaseSpec) -> Iterator[str]:
    assert spec.program is not None, "what is made is always a program"
    yield f"  {_key(name)}:"
    if spec.max_examples is not None:
        yield f"    max_examples: {spec.max_examples}"
    if spec.contexts is not None:
        yield f"    contexts: [{', '.join(spec.contexts)}]"
    if spec.observe:
        yield f"    observe: [{', '.join(spec.observe)}]"
    yield "    program:"
    for part in ("start", "steps"):
        steps: tuple[StepSpec, ...] = getattr(spec.program, part)
        if part == "start" and not steps:
            yield "      start: []"
        elif steps:
            yield f"      {part}:"
            for step in steps:
                yield from _step(step)
    if spec.program.steps:
        yield f"      max_steps: {spec.program.max_steps}"


def _step(step: StepSpec) -> Iterator[str]:
    fields = list(_fields(step))
    flow = f"        - {{{', '.join(f'{name}: {text}' for name, text in fields)}}}"
    if len(flow) <= WIDTH:
        yield flow
        return
    for number, (name, text) in enumerate(fields):
        yield f"        {'-' if number == 0 else ' '} {name}: {text}"


def _fields(step: StepSpec) -> Iterator[tuple[str, str]]:
    kind = step.kind
    yield kind, _key(str(step.given(kind)))
    for name, default in _DEFAULTS.items():
        value = getattr(step, name)
        if value == default:
            continue
        if name == "args":
            yield name, f"[{', '.join(map(_quoted, value))}]"
        elif name == "kwargs":
            yield name, f"{{{', '.join(f'{_key(key)}: {_quoted(each)}' for key, each in value.items())}}}"
        else:
            yield name, _quoted(value)


_DEFAULTS = {
    name: getattr(StepSpec(), name) for name in StepSpec.__struct_fields__ if name.rstrip("_") not in STEP_KINDS
}


def _key(text: str) -> str:
    """Return a word as it is if YAML reads it as itself."""
    plain = text.isascii() and text.replace("_", "a").replace("-", "a").replace(".", "a").isalnum()
    unread = text.lower() in ("null", "true", "false", "none", "yes", "no", "on", "off", "y", "n", "nan", "inf")
    return text if plain and not unread and (text.isdigit() or not text[0].isdigit()) else _quoted(text)


def _quoted(expression: Expression) -> str:
    if isinstance(expression, bool):
        return "true" if expression else "false"
    # YAML has no surrogate pairs, which is how JSON would write what is beyond the BMP.
    return json.dumps(expression, ensure_ascii=False)
