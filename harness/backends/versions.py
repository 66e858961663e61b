"""The parts of a matrix that have versions of their own, and how to have another version of one."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.backends import rustpython
from harness.backends.base import Backend, Request
from harness.bisect.registry import released_versions
from harness.builds import Progress, cache_directory, digest_of, locked, run_tool
from harness.errors import BuildError, FindingError
from harness.extensions import Extension, read_extension, workspace_root

NEVER_COPIED = ("target", ".git", ".venv", "node_modules", "results", "__pycache__")
_BINDING = r"pyo3(?:-build-config|-ffi|-macros)?"
_INLINE = re.compile(rf'^(\s*{_BINDING}\s*=\s*(?:\{{[^}}\n]*?\bversion\s*=\s*)?")[^"]*(")', re.MULTILINE)
_TABLE = re.compile(
    rf'(^\[[^\]\n]*dependencies\.{_BINDING}\]\n(?:(?!\[)[^\n]*\n)*?version\s*=\s*")[^"]*(")', re.MULTILINE
)
_HOSTED = re.compile(r'^(rustpython(?:-\w+)*\s*=\s*(?:\{\s*version\s*=\s*)?")=[^"]*(")', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Changed:
    """What a run is made with where a part has another version: the extension, and backends in place of others."""

    extension: Extension
    backends: Mapping[str, Backend] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its released versions, and what a run is made with at one of them, in a directory that is new.

    ``at`` raises BuildError where the version cannot be had.
    """

    name: str
    released: Callable[[Extension, Progress], list[str]]
    at: Callable[[str, Extension, Path, Progress], Changed]


# --- the binding -----------------------------------------------------------------------------------


def with_binding(version: str, extension: Extension, directory: Path, progress: Progress) -> Changed:
    """Return a copy of a crate, with its workspace, that is locked to a version of PyO3."""
    copy = _copied(extension, directory)
    changed = False
    for manifest in directory.rglob("Cargo.toml"):
        text = manifest.read_text(encoding="utf-8")
        asked = asking_for(version, text)
        changed = changed or asked != text
        manifest.write_text(asked, encoding="utf-8")
    if not changed and f'version = "={version}"' not in copy.manifest.read_text(encoding="utf-8"):
        raise BuildError(f"{extension.manifest}: does not say which version of pyo3 it wants")
    # Changes in the lock what must be changed, and nothing else.
    argv = ["cargo", "metadata", "--format-version=1", "--quiet", "--manifest-path", str(copy.manifest)]
    run_tool(argv, what=f"pyo3 {version}", environment={}, progress=progress)
    return Changed(copy)


def asking_for(version: str, manifest: str) -> str:
    """Return a manifest that asks for just one version of PyO3."""
    pinned = rf"\g<1>={version}\g<2>"
    return _TABLE.sub(pinned, _INLINE.sub(pinned, manifest))


# --- the interpreter -------------------------------------------------------------------------------


def with_rustpython(version: str, extension: Extension, directory: Path, progress: Progress) -> Changed:
    """Return the backend whose host is built from another version of RustPython's crates."""
    if version == rustpython.VERSION:
        return Changed(extension)
    shutil.copytree(rustpython.HOST_CRATE, directory / "host", ignore=shutil.ignore_patterns(*NEVER_COPIED))
    manifest = directory / "host" / "Cargo.toml"
    manifest.write_text(hosting(version, manifest.read_text(encoding="utf-8")), encoding="utf-8")
    target = cache_directory() / "target" / f"host-{version}-{digest_of(version)[:8]}"
    argv = ["cargo", "build", "--release", "--ignore-rust-version", "--manifest-path", str(manifest)]
    with locked("build-host", progress):
        run_tool(
            [*argv, "--target-dir", str(target)],
            what=f"the host of RustPython {version}",
            environment={"PYO3_CONFIG_FILE": None, "PYO3_NO_PYTHON": None},
            progress=progress,
        )
    backend = rustpython.provide(Request(target / "release" / rustpython.EXECUTABLE, progress))
    return Changed(extension, {backend.name: replace(backend, versions={"interpreter": version})})


def hosting(version: str, manifest: str) -> str:
    """Return the manifest of a host of another version of RustPython's crates."""
    return _HOSTED.sub(rf"\g<1>={version}\g<2>", manifest)


# --- the extension ---------------------------------------------------------------------------------


def tags_of(extension: Extension, progress: Progress) -> list[str]:
    """Return the versions that the tags of the extension's repository name.  Raises: FindingError -- there are none."""
    found = _tags(extension)
    if not found:
        raise FindingError(
            f"{extension.directory}: its released versions are the tags of its git repository, such as v1.2.0 or "
            f"{extension.package}-1.2.0, and there are none"
        )
    return list(found)


def with_tag(version: str, extension: Extension, directory: Path, progress: Progress) -> Changed:
    """Return the extension as it was at the tag of a version."""
    root = _repository(extension)
    if root is None:
        raise BuildError(f"{extension.directory}: lies in no git repository")
    with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
        argv = ["git", "-C", str(root), "archive", f"--output={archive.name}", _tags(extension)[version]]
        run_tool(argv, what=f"git archive of {version}", environment={}, progress=progress)
        with tarfile.open(archive.name) as packed:
            packed.extractall(directory, filter="data")
    place = directory / extension.directory.resolve().relative_to(root)
    if not (place / "Cargo.toml").exists():
        raise BuildError(f"{version}: there is no crate at {place.relative_to(directory)}")
    return Changed(read_extension(place, extension.name))


def _tags(extension: Extension) -> dict[str, str]:
    """Return the tag of each version: those with the crate's name, or else those without any name."""
    root = _repository(extension)
    if root is None:
        return {}
    tags = _git(root, "tag", "--list").split()
    for prefix in (rf"{re.escape(extension.package)}[-_/@]?v?", "v?"):
        found = {match[1]: tag for tag in tags if (match := re.fullmatch(rf"{prefix}(\d+(?:\.\d+)+\S*)", tag))}
        if found:
            return found
    return {}


def _repository(extension: Extension) -> Path | None:
    try:
        return Path(_git(extension.directory, "rev-parse", "--show-toplevel").strip()).resolve()
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(directory: Path, *arguments: str) -> str:
    argv = ["git", "-C", str(directory), *arguments]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _copied(extension: Extension, directory: Path) -> Extension:
    root = workspace_root(extension.directory).resolve()
    shutil.copytree(root, directory, ignore=shutil.ignore_patterns(*NEVER_COPIED), dirs_exist_ok=True)
    return read_extension(directory / extension.directory.resolve().relative_to(root), extension.name)


PARTS = {
    part.name: part
    for part in (
        Part("pyo3", lambda extension, progress: released_versions("pyo3", progress), with_binding),
        Part("rustpython", lambda extension, progress: released_versions("rustpython-vm", progress), with_rustpython),
        Part("extension", tags_of, with_tag),
    )
}
