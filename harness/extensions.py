"""Extensions: crates that are compiled for every backend, read from their manifests."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ExtensionError

_NEVER_SOURCE = frozenset({"target", "__pycache__", "node_modules", "results"})
_TOOL_SETTINGS = ("rust-toolchain.toml", "rust-toolchain", ".cargo/config.toml", ".cargo/config")
_LIBRARIES = (".so", ".pyd", ".dylib")
_PRODUCTS = (*_LIBRARIES, ".dll", ".pyc", ".whl")


@dataclass(frozen=True, slots=True)
class Extension:
    """A crate that makes one extension module.

    ``module`` is the dotted name to import; ``library`` the name of its ``cdylib``;
    ``python_source`` the directory of its Python files, or None; ``settings`` a pyproject.toml that does
    not lie beside the manifest.  ``installed`` is the library of a module that is compiled already, for one
    interpreter, and has no crate here.
    """

    name: str
    directory: Path
    package: str
    library: str
    module: str
    python_source: Path | None = None
    features: tuple[str, ...] = ()
    default_features: bool = True
    settings: Path | None = None
    installed: Path | None = None

    @property
    def manifest(self) -> Path:
        """The crate's Cargo.toml."""
        return self.directory / "Cargo.toml"


def read_extension(directory: Path, name: str | None = None) -> Extension:
    """Read a crate's Cargo.toml and pyproject.toml.

    The crate may lie elsewhere: maturin's ``manifest-path`` in the directory's pyproject.toml says where.

    Raises: ExtensionError -- there is none, it is malformed, or it makes no extension module.
    """
    pyproject = directory / "pyproject.toml"
    maturin = _read_toml(pyproject).get("tool", {}).get("maturin", {}) if pyproject.exists() else {}
    manifest = directory / maturin.get("manifest-path", "Cargo.toml")
    if not manifest.exists():
        wrong = "manifest-path in pyproject.toml leads nowhere" if "manifest-path" in maturin else "no crate here"
        raise ExtensionError(f"{manifest}: {wrong}; name the directory of a crate, where its Cargo.toml lies")
    cargo = _read_toml(manifest)
    if "package" not in cargo:
        raise ExtensionError(f"{manifest}: is a workspace without a package; name one of its members")
    package = cargo["package"].get("name")
    if package is None:
        raise ExtensionError(f"{manifest}: has no name under [package]")
    library = cargo.get("lib", {})
    crate_types = library.get("crate-type", library.get("crate_type", []))
    if "cdylib" not in crate_types:
        raise ExtensionError(f'{manifest}: makes no extension module; add crate-type = ["cdylib"] under [lib]')
    if not _depends_on_pyo3(cargo):
        raise ExtensionError(f"{manifest}: does not depend on pyo3; add it under [dependencies]")
    library_name = library.get("name", package.replace("-", "_"))
    source = maturin.get("python-source")
    module = maturin.get("module-name", library_name)
    if source is None and (directory / module.split(".")[0] / "__init__.py").exists():
        source = "."
    return Extension(
        name or directory.name,
        manifest.parent,
        package,
        library_name,
        module,
        directory / source if source is not None else None,
        tuple(maturin.get("features", ())),
        not maturin.get("no-default-features", False),
        pyproject if manifest.parent != directory else None,
    )


def read_installed(path: Path) -> Extension:
    """Return an extension module that is installed: a shared library, or a package that holds one.

    Raises: ExtensionError -- it is neither.
    """
    library = path
    if path.is_dir():
        libraries = sorted(each for each in path.rglob("*") if each.suffix in _LIBRARIES)
        if not (path / "__init__.py").exists() or not libraries:
            raise ExtensionError(f"{path}: is neither a crate (no Cargo.toml) nor a package with an extension module")
        library = libraries[0]
    elif path.suffix not in _LIBRARIES:
        raise ExtensionError(
            f"{path}: is no extension module; name a crate's directory, or a library ({_LIBRARIES[0]})"
        )
    parts = [path.name if path.is_dir() else path.name.partition(".")[0]]
    directory = path.parent
    while (directory / "__init__.py").exists():
        parts.insert(0, directory.name)
        directory = directory.parent
    name = parts[-1]
    return Extension(name, directory, name, name, ".".join(parts), installed=library)


def name_in_case_file(path: Path, case_file: Path) -> str:
    """Return what a case file names the extension at ``path``: the way there, from the file."""
    way = os.path.relpath(path, case_file.parent)
    return way if way.startswith(".") else f"./{way}"


def find_extension(name: str, *, case_file: Path, root: Path, crates: Sequence[Path] = ()) -> Extension:
    """Return the extension that a case file names.

    A name with a slash or a dot is a path from the case file.  Otherwise it is looked for in the
    directories that the settings list, then in ``extensions/``, then as a crate around the case file.

    Raises: ExtensionError -- nothing of that name is there; the message says where it was looked for.
    """
    if "/" in name or name.startswith("."):
        path = (case_file.parent / name).resolve()
        package = (path / "__init__.py").exists() and not (path / "Cargo.toml").exists()
        return read_installed(path) if package or path.is_file() else read_extension(path)
    for directory in (*crates, root / "extensions" / name):
        if directory.name == name and (directory / "Cargo.toml").exists():
            return read_extension(directory, name)
    around = [each for each in (*crates, *case_file.resolve().parents) if (each / "Cargo.toml").exists()]
    for directory in around:
        cargo = _read_toml(directory / "Cargo.toml")
        names = {cargo.get("package", {}).get("name"), cargo.get("lib", {}).get("name"), directory.name}
        if name in names and "package" in cargo:
            return read_extension(directory, name)
    places = ", ".join(str(each) for each in (root / "extensions" / name, *around))
    raise ExtensionError(
        f"{case_file}: no extension is named {name!r}; looked in {places}. "
        f"Write its directory (extension: ../path) or list it under [tool.backend-matrix] extensions"
    )


def workspace_root(directory: Path) -> Path:
    """Return the directory whose Cargo.lock is used: the workspace around a crate, or the crate itself."""
    for parent in (directory, *directory.parents):
        manifest = parent / "Cargo.toml"
        if manifest.exists() and "workspace" in _read_toml(manifest):
            return parent
    return directory


def binding_of(extension: Extension) -> str:
    """Return the binding that a crate is locked to, such as ``pyo3 0.30.1``; empty where nothing says so."""
    lock = workspace_root(extension.directory) / "Cargo.lock"
    if extension.installed is not None or not lock.exists():
        return ""
    packages = _read_toml(lock).get("package", [])
    versions = [each["version"] for each in packages if each.get("name") == "pyo3"]
    return f"pyo3 {' or '.join(versions)}" if versions else ""


def source_digest(extension: Extension) -> str:
    """Return a digest of everything in the checkout that decides what is compiled."""
    digest = hashlib.blake2b(digest_size=16)
    root = workspace_root(extension.directory)
    seen: set[Path] = set()
    sources = [*_above(extension.directory, root), *_files(extension.directory, seen)]
    for table in _read_toml(root / "Cargo.toml").get("patch", {}).values():
        for patch in table.values():
            if "path" in patch:
                sources += _files(root / patch["path"], seen)
    if extension.python_source is not None:
        sources += _files(extension.python_source, seen)
    if extension.settings is not None:
        sources.append(extension.settings)
    for path in sources:
        digest.update(os.path.relpath(path, root).encode())
        digest.update(hashlib.blake2b(path.read_bytes(), digest_size=16).digest())
    return digest.hexdigest()


def _above(directory: Path, root: Path) -> Iterator[Path]:
    """Yield the files of a crate's workspace, and those that tell Cargo and rustup what to do in it."""
    yield from filter(Path.exists, (root / "Cargo.toml", root / "Cargo.lock"))
    directories = [directory, *directory.parents]
    for parent in directories[: directories.index(root) + 1]:
        yield from filter(Path.exists, (parent / name for name in _TOOL_SETTINGS))


def _files(directory: Path, seen: set[Path]) -> Iterator[Path]:
    """Yield the files of a crate and of the crates that it depends on by path."""
    directory = directory.resolve()
    if directory in seen:
        return
    seen.add(directory)
    for folder, names, files in os.walk(directory):
        names[:] = sorted(name for name in names if name not in _NEVER_SOURCE and not name.startswith("."))
        for name in sorted(files):
            if not name.endswith(_PRODUCTS) and not name.startswith(".") and os.path.isfile(os.path.join(folder, name)):
                yield Path(folder, name)
    for dependency in _path_dependencies(directory):
        yield from _files(dependency, seen)


def _path_dependencies(directory: Path) -> Iterator[Path]:
    manifest = directory / "Cargo.toml"
    if not manifest.exists():
        return
    cargo = _read_toml(manifest)
    root = workspace_root(directory)
    shared = _read_toml(root / "Cargo.toml").get("workspace", {}).get("dependencies", {})
    for table in (cargo, *cargo.get("target", {}).values()):
        for name, dependency in (*table.get("dependencies", {}).items(), *table.get("build-dependencies", {}).items()):
            base, named = directory, dependency
            if isinstance(dependency, dict) and dependency.get("workspace"):
                base, named = root, shared.get(name, "")
            if isinstance(named, dict) and "path" in named:
                yield base / named["path"]


def introspects(extension: Extension) -> bool:
    """Say whether a crate asks PyO3 to describe its types in the library, from which maturin can make stubs."""
    cargo = _read_toml(extension.manifest)
    root = workspace_root(extension.directory)
    shared = _read_toml(root / "Cargo.toml").get("workspace", {}).get("dependencies", {})
    wanted: set[str] = set()
    for table in (cargo, *cargo.get("target", {}).values()):
        for name, given in table.get("dependencies", {}).items():
            for one in (given, shared.get(name) if isinstance(given, dict) and given.get("workspace") else None):
                if isinstance(one, dict) and one.get("package", name) == "pyo3":
                    wanted.update(one.get("features", ()))
    chosen = [*extension.features, *(["default"] if extension.default_features else [])]
    features = cargo.get("features", {})
    seen: set[str] = set()
    while chosen:
        feature = chosen.pop()
        if feature not in seen:
            seen.add(feature)
            chosen += features.get(feature, ())
    return bool({"experimental-inspect"} & wanted or {"pyo3/experimental-inspect"} & seen)


def _depends_on_pyo3(cargo: dict[str, Any]) -> bool:
    tables = [cargo, *cargo.get("target", {}).values()]
    named = [item for table in tables for item in table.get("dependencies", {}).items()]
    return any(key == "pyo3" or (isinstance(value, dict) and value.get("package") == "pyo3") for key, value in named)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ExtensionError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExtensionError(f"{path}: not TOML: {error}") from None
