"""A finding's program as a fixed example of its case: the case file with one more line or two, as a patch."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from harness.acting.stored import StoredFinding
from harness.cases import read_case_file
from harness.documents import DocumentLoader
from harness.errors import CaseFileError, FindingError
from harness.program import PLAIN, Program
from harness.report.failure import earlier_entry, quoted, step_entry
from harness.strategies import example_programs

EXAMPLES = "examples"


def patch_of(found: StoredFinding, root: Path) -> str:
    """Return what ``git apply`` adds a finding's program with, as an example of its case; empty if it stands there.

    ``root`` is the project's directory; the paths are those from the repository around it.

    Raises: FindingError -- the finding is about no case of a case file; CaseFileError -- the file cannot be read.
    """
    event = found.event
    path = (root / event.item.partition("::")[0]).resolve()
    cases = {case.name: case for case in read_case_file(path).cases} if path.suffix in (".yaml", ".yml") else {}
    if event.case not in cases:
        raise FindingError(f"finding {found.name}: {event.item} is no case that examples can be added to")
    case, program = cases[event.case], found.program
    called = case.spec.call or case.name if case.spec.program is None else ""
    if program in example_programs(case, program.module):
        return ""
    # As it is, for a file may end its lines in its own way.
    before = path.read_bytes().decode("utf-8")
    after = with_example(before, event.case, program, called)
    return unified(before, after, str(path.relative_to(repository_of(path, root))))


def with_example(text: str, case: str, program: Program, called: str) -> str:
    """Return a case file's text with one more example in a case; every other line stays what it was.

    ``called`` is what the case calls, if it is a plain call.
    """
    key, node = _case_of(text, case)
    is_short = len(program.steps) == 1 and not program.after and _is_plain_call(program, called)
    entry = _short(program) if is_short else None
    if isinstance(node, yaml.MappingNode):
        there = next((value for name, value in node.value if name.value == EXAMPLES), None)
        if isinstance(there, yaml.SequenceNode) and there.flow_style:
            return _inside(text, there, entry or _flow(program))
        if node.flow_style:
            return _inside(text, node, f"{EXAMPLES}: [{entry or _flow(program)}]")
        column = node.start_mark.column
        if isinstance(there, yaml.SequenceNode):
            return _below(text, _end(text, there), _block(there.start_mark.column, program, entry))
        return _below(text, _end(text, node), [f"{' ' * column}{EXAMPLES}:", *_block(column + 2, program, entry)])
    # A case that has nothing yet, but may say so.
    column = key.start_mark.column + 2
    text = text[: node.start_mark.index].rstrip(" ") + text[node.end_mark.index :] if node.value else text
    return _below(text, key.end_mark.index, [f"{' ' * column}{EXAMPLES}:", *_block(column + 2, program, entry)])


def unified(before: str, after: str, path: str) -> str:
    """Return the difference of two texts of a file as ``git apply`` reads it."""
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def repository_of(path: Path, otherwise: Path) -> Path:
    """Return the directory of the repository that a file lies in."""
    found = next((each for each in path.parents if (each / ".git").exists()), otherwise)
    return found if path.is_relative_to(found) else path.parent


# --- what is written --------------------------------------------------------------------------------


def _is_plain_call(program: Program, called: str) -> bool:
    (step,) = program.steps
    return step.kind == "call" and step.name == called and all(name.isidentifier() for name, _ in step.keywords)


def _short(program: Program) -> str:
    (step,) = program.steps
    parts = []
    if step.arguments or not step.keywords:
        parts.append(f"args: [{', '.join(map(quoted, step.arguments))}]")
    if step.keywords:
        named = [f"{json.dumps(name, ensure_ascii=False)}: {quoted(each)}" for name, each in step.keywords]
        parts.append(f"kwargs: {{{', '.join(named)}}}")
    return "{" + ", ".join([*parts, *_context(program)]) + "}"


def _flow(program: Program) -> str:
    steps = ", ".join(map(step_entry, program.steps))
    return "{" + ", ".join([f"program: [{steps}]", *_context(program), *_after(program)]) + "}"


def _block(column: int, program: Program, entry: str | None) -> list[str]:
    space = " " * column
    if entry is not None:
        return [f"{space}- {entry}"]
    steps = [f"{space}    - {step_entry(step)}" for step in program.steps]
    after = [f"{space}    - {earlier_entry(each, program.observe)}" for each in program.after]
    return [
        f"{space}- program:",
        *steps,
        *(f"{space}  {each}" for each in _context(program)),
        *([f"{space}  after:", *after] if after else []),
    ]


def _context(program: Program) -> Iterator[str]:
    if program.context != PLAIN:
        yield f"context: {program.context}"


def _after(program: Program) -> Iterator[str]:
    if program.after:
        yield f"after: [{', '.join(earlier_entry(each, program.observe) for each in program.after)}]"


# --- where it is written -----------------------------------------------------------------------------


def _case_of(text: str, case: str) -> tuple[yaml.Node, yaml.Node]:
    root = yaml.compose(text, Loader=DocumentLoader)
    top = {key.value: value for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    for key, node in top["cases"].value if "cases" in top else ():
        if key.value == case:
            return key, node
    raise CaseFileError(f"there is no case {case!r}")


def _inside(text: str, node: yaml.CollectionNode, added: str) -> str:
    """Add to a collection in brackets, before the closing one."""
    end = node.end_mark.index - 1
    last = node.value[-1][1] if node.value and isinstance(node, yaml.MappingNode) else node.value and node.value[-1]
    after = last.end_mark.index if last else end
    return f"{text[:after]}{', ' if last else ''}{added}{text[after:]}"


def _below(text: str, index: int, added: list[str]) -> str:
    """Add lines below the one that a place in the text is in."""
    end = text.find("\n", index)
    if end < 0:
        # The last line of the file, which has no end; it stays without one.
        return "\n".join([text, *added])
    ending = "\r\n" if text[end - 1] == "\r" else "\n"
    return "".join([text[: end + 1], *(each + ending for each in added), text[end + 1 :]])


def _end(text: str, node: yaml.Node) -> int:
    """Return where a value ends; what YAML tells of a block lies behind its blank lines and comments."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _lines(text: str) -> list[str]:
    """Return the lines as git tells them, which knows no other end of a line."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
