"""Skew: differences that the versions of Python behind two backends may explain by themselves.  Pure.

A new version of Python changes what the interpreter says and, seldom, what it does.  Where the two backends of a run
have different versions, such a change looks like a difference between the backends.  What cannot be told from one is
*skew*: it is listed, and it does not fail the run.

Two kinds of gap are told apart.  Between language versions (3.13 and 3.14) anything may have changed that the
interpreter does.  Between patch versions (3.14.8 and 3.14.10) only wording changes, because PEP 387 allows no more.

What an extension does by itself no version changes.  If a program calls only functions of the C-API that convert
values, count references and keep state, then the extension's own code made the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.codec import decode
from harness.findings import Finding
from harness.observation import Kind, Observation, Returned
from harness.program import StepKind
from harness.renumbering import results_in

WORDING: frozenset[Kind] = frozenset(
    {
        "exception-arguments",
        "exception-attributes",
        "exception-message",
        "exception-notes",
        "stderr",
        "thread-exceptions",
        "unraisable",
        "warnings",
    }
)
"""Kinds of differences in what an interpreter says.  Any version of Python may say it in other words."""

_PLUMBING = re.compile(
    r"""
    _?Py_(Inc|Dec)Ref | Py_(New|XNew)Ref | Py_I[sS]\w* | Py_REFCNT | Py_TYPE | Py_GetConstant\w* | Py_CompileString
    | PyABIInfo_\w+ | PyBool_FromLong | PyBuffer_\w+ | PyByteArray_\w+
    | PyBytes_(As|From|Size|Check)\w* | PyC(Function|Method)_\w+ | PyCapsule_\w+ | PyCriticalSection\w*
    | PyComplex_(FromDoubles|RealAsDouble|ImagAsDouble|Check\w*)
    | PyDict_(New|Size|Next|Check\w*|Copy|Clear|(Get|Set|Del)Item\w*|Keys|Values|Items|Contains)
    | PyErr_\w+ | PyEval_(Save|Restore)Thread | PyException_\w+
    | PyFloat_(AsDouble|FromDouble|Check\w*) | PyGC_\w+ | PyGILState_\w+ | PyIndex_Check | PyInterpreterState_\w+
    | PyIter_(Check|Next\w*) | Py(Frozen)?Set_(New|Add|Size|Check\w*|Pop|Clear|Contains|Discard) | PyAnySet_\w+
    | PyList_(New|Size|Append|Insert|GetItem\w*|SetItem|GetSlice|AsTuple|Check\w*|Reverse)
    | PyLong_(As|From|Check|Size|GetSign|GetNative|Is|Export|FreeExport)\w* | PyMem_\w+ | PyMemoryView_\w+
    | PyModule\w*_\w+ | PyMutex_\w+ | PyObject_(CheckBuffer|Free|GC\w+|GetBuffer|GetIter|GetTypeData\w*|Malloc|SelfIter)
    | PyObject_(GenericGetDict|GenericSetDict|ClearWeakRefs|IsInstance|IsSubclass|TypeCheck|Type)
    | PyObject_(Size|Length|IsTrue|Not)
    | Py(Sequence|Mapping)_(Check|Size|Length|GetItem|Keys|Values|Items)
    | PyExceptionClass_Check | PyExceptionInstance_Check | PyCallable_Check | PyNumber_Check
    | PySlice_(New|Unpack|AdjustIndices) | PyThread\w* | PyThreadState_\w+
    | PyTuple_(New|Size|Pack|GetItem|SetItem|GetSlice|Check\w*|FromArray) | PyType_\w+ | Py_tp_\w+
    | PyUnicode_(As(UTF8|Wide)\w*|From(String\w*|WideChar|Ordinal|Object|KindAndData)|InternFromString|Check\w*)
    | PyUnicode_(GetLength|DecodeUTF8\w*|EqualToUTF8\w*|Copy) | PyVectorcall_NARGS | PyWeakref_\w+
    """,
    re.VERBOSE,
)
"""Functions of the C-API whose result no version of Python changes for the same plain objects."""


@dataclass(frozen=True, slots=True)
class Gap:
    """How the versions of a reference and another backend differ; ``between`` says it for people.

    With ``wording_only`` the language is the same, and the reference has another patch version than the book.
    """

    between: str
    wording_only: bool = False


def gap_between(
    reference: tuple[int, int], other: tuple[int, int], *, patch: str = "", recorded: str | None = None
) -> Gap | None:
    """Return how two backends' versions differ, given their language versions (major, minor); None if they do not.

    ``patch`` is the reference's exact version, and ``recorded`` the one that the book was recorded with, if it says so.
    """
    if reference != other:
        return Gap(f"Python {_dotted(reference)} and {_dotted(other)}")
    if recorded is not None and patch and patch != recorded and recorded.startswith(f"{_dotted(reference)}."):
        return Gap(f"Python {recorded}, which the book was recorded with, and {patch}", wording_only=True)
    return None


def is_wording(finding: Finding) -> bool:
    """Say whether the backends did the same and only said it in other words."""
    return finding.divergence.kind in WORDING or _is_surface_of_interpreter(finding)


def _is_surface_of_interpreter(finding: Finding) -> bool:
    """Say whether a fact of an extension's surface is the interpreter's: what help() says, and special attributes."""
    step = finding.program.steps[finding.divergence.step]
    if step.kind != "surface":
        return False
    name = str(step.target or "").rpartition(".")[2]
    if step.name == "dir":
        reference, other = (_names(each) for each in (finding.reference, finding.other))
        return all(map(_is_special, reference ^ other))
    # A property has a __name__ since Python 3.13.
    named = step.name == "name" and finding.divergence.kind == "outcome"
    # Python documents its own objects, such as None, in later versions only.
    documented = step.name == "doc" and finding.divergence.kind == "type"
    return step.name == "help" or named or documented or _is_special(name)


def _names(observations: Sequence[Observation]) -> set[str]:
    outcome = observations[-1].outcome
    value = decode(outcome.value) if isinstance(outcome, Returned) else ()
    return {str(each) for each in value} if isinstance(value, (list, tuple, set, frozenset)) else set()


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


_OF_EXTENSION: tuple[StepKind, ...] = ("call", "subclass", "surface")
_CALLING: tuple[StepKind, ...] = ("method",)


def is_interpreters_step(finding: Finding) -> bool:
    """Say whether the interpreter does by itself what differs.

    That is an operation on objects of its own, or an operator or a function of its own that raises; or it could not
    even make the arguments.
    """
    divergence = finding.divergence
    step = finding.program.steps[divergence.step]
    if "while its arguments were made" in f"{divergence.reference} {divergence.other}":
        return True
    if step.kind in _OF_EXTENSION:
        return False
    if not any(_is_opaque(finding.other, number) for number in results_in(step)):
        return True
    return divergence.kind in ("outcome", "exception-type") and step.kind not in _CALLING


def _is_opaque(observations: Sequence[Observation], number: int) -> bool:
    """Say whether a step's result may be an object of the extension: it is none of the interpreter's own types."""
    outcome = observations[number].outcome if number < len(observations) else None
    return not isinstance(outcome, Returned) or (isinstance(outcome.value, list) and outcome.value[:1] == ["o"])


def is_of_extension(finding: Finding) -> bool:
    """Say whether a fact of the surface is the extension's own: a name, a signature, or what it says of itself."""
    step = finding.program.steps[finding.divergence.step]
    return step.kind == "surface" and not _is_surface_of_interpreter(finding)


def is_beyond_versions(finding: Finding) -> bool:
    """Say whether no version of Python explains a finding: the other backend died or hung."""
    divergence = finding.divergence
    return divergence.kind == "outcome" and str(divergence.other).startswith(("crashed", "hung"))


def asked_of_interpreter(functions: Iterable[str]) -> tuple[str, ...]:
    """Return the functions of the C-API that have the interpreter do something, sorted."""
    return tuple(sorted(name for name in functions if not _PLUMBING.fullmatch(name)))


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
