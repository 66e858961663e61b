"""Crates: which one a case file means, what it must have, and what makes it be compiled again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import ExtensionError
from harness.extensions import Extension, find_extension, introspects, read_extension, source_digest, workspace_root

MANIFEST = """
[package]
name = "my-numbers"
version = "1.0.0"

[lib]
crate-type = ["cdylib", "rlib"]

[dependencies]
pyo3 = "0.30"
"""


def crate(directory: Path, manifest: str = MANIFEST, pyproject: str | None = None) -> Path:
    (directory / "src").mkdir(parents=True)
    (directory / "src/lib.rs").write_text("// nothing\n")
    (directory / "Cargo.toml").write_text(manifest)
    if pyproject is not None:
        (directory / "pyproject.toml").write_text(pyproject)
    return directory


# --- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ('[dependencies]\npyo3 = "0.30"', False),
        ('[dependencies]\npyo3 = { version = "0.30", features = ["experimental-inspect"] }', True),
        ('[dependencies]\nother = { version = "1", features = ["experimental-inspect"] }\npyo3 = "0.30"', False),
        ('[dependencies]\npyo3 = "0.30"\n[features]\ndefault = ["told"]\ntold = ["pyo3/experimental-inspect"]', True),
        ('[dependencies]\npyo3 = "0.30"\n[features]\ntold = ["pyo3/experimental-inspect"]', False),
        (
            "[dependencies]\npyo3 = { workspace = true }\n[workspace]\n"
            '[workspace.dependencies]\npyo3 = { version = "0.30", features = ["experimental-inspect"] }',
            True,
        ),
    ],
)
def test_a_crate_that_describes_its_types_is_known_by_its_features(
    tmp_path: Path, manifest: str, expected: bool
) -> None:
    (tmp_path / "Cargo.toml").write_text(f'[package]\nname = "x"\n[lib]\ncrate-type = ["cdylib"]\n{manifest}\n')
    assert introspects(read_extension(tmp_path)) is expected


def test_a_crate_without_a_pyproject_makes_a_module_of_its_name(tmp_path: Path) -> None:
    directory = crate(tmp_path / "numbers")
    assert read_extension(directory) == Extension("numbers", directory, "my-numbers", "my_numbers", "my_numbers")
    assert read_extension(directory, "other").name == "other"
    assert read_extension(directory).manifest == directory / "Cargo.toml"


def test_what_maturin_is_told_is_read(tmp_path: Path) -> None:
    directory = crate(
        tmp_path / "numbers",
        MANIFEST.replace("[lib]", '[lib]\nname = "native"'),
        '[tool.maturin]\nmodule-name = "pkg._native"\npython-source = "python"\nfeatures = ["a", "b"]\n'
        "no-default-features = true\n",
    )
    found = read_extension(directory)
    assert (found.library, found.module, found.python_source) == ("native", "pkg._native", directory / "python")
    assert (found.features, found.default_features) == (("a", "b"), False)


def test_a_python_package_beside_the_manifest_is_found(tmp_path: Path) -> None:
    directory = crate(tmp_path / "numbers", pyproject='[tool.maturin]\nmodule-name = "pkg.native"\n')
    assert read_extension(directory).python_source is None
    (directory / "pkg").mkdir()
    (directory / "pkg/__init__.py").write_text("")
    assert read_extension(directory).python_source == directory


def test_a_crate_that_lies_where_its_pyproject_says_is_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.maturin]\nmodule-name = "numbers"\nmanifest-path = "crates/python/Cargo.toml"\n'
        'python-source = "python"\nfeatures = ["a"]\n'
    )
    directory = crate(tmp_path / "crates/python")
    found = read_extension(tmp_path, "numbers")
    assert (found.directory, found.manifest) == (directory, directory / "Cargo.toml")
    assert (found.module, found.python_source, found.features) == ("numbers", tmp_path / "python", ("a",))
    before = source_digest(found)
    with open(tmp_path / "pyproject.toml", "a") as settings:
        settings.write("strip = true\n")
    assert source_digest(found) != before, "the settings decide what is compiled"


@pytest.mark.parametrize(
    "dependency",
    [
        '[dependencies]\npyo3 = "0.30"',
        "[dependencies]\npyo3 = { workspace = true }",
        '[dependencies]\nbindings = { package = "pyo3", version = "0.30" }',
        "[dependencies.pyo3]\nversion = '0.30'",
        "[target.'cfg(unix)'.dependencies]\npyo3 = '0.30'",
    ],
)
def test_a_dependency_on_pyo3_is_seen_in_every_form(tmp_path: Path, dependency: str) -> None:
    text = MANIFEST.partition("[dependencies]")[0]
    assert read_extension(crate(tmp_path / "x", f"{text}\n{dependency}\n")).package == "my-numbers"


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            MANIFEST.replace('"cdylib", ', ""),
            'FILE: makes no extension module; add crate-type = ["cdylib"] under [lib]',
        ),
        (
            MANIFEST.replace('[lib]\ncrate-type = ["cdylib", "rlib"]', ""),
            'FILE: makes no extension module; add crate-type = ["cdylib"] under [lib]',
        ),
        (MANIFEST.replace("pyo3 =", "pyo3-ffi ="), "FILE: does not depend on pyo3; add it under [dependencies]"),
        ("[workspace]\nmembers = []\n", "FILE: is a workspace without a package; name one of its members"),
        (MANIFEST.replace('name = "my-numbers"', ""), "FILE: has no name under [package]"),
        (MANIFEST + "\n[package]\n", "FILE: not TOML: Cannot declare ('package',) twice (at line 12, column 9)"),
    ],
)
def test_a_crate_that_makes_no_extension_says_what_to_do(tmp_path: Path, manifest: str, message: str) -> None:
    directory = crate(tmp_path / "x", manifest)
    with pytest.raises(ExtensionError) as caught:
        read_extension(directory)
    assert str(caught.value) == message.replace("FILE", str(directory / "Cargo.toml"))


def test_a_directory_without_a_crate_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError) as caught:
        read_extension(tmp_path)
    assert (
        str(caught.value)
        == f"{tmp_path / 'Cargo.toml'}: no crate here; name the directory of a crate, where its Cargo.toml lies"
    )


def test_a_pyproject_that_is_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExtensionError, match=r"pyproject\.toml: not TOML: "):
        read_extension(crate(tmp_path / "x", pyproject="]"))


# --- finding ---------------------------------------------------------------------------------------


def test_a_name_is_a_crate_in_extensions(tmp_path: Path) -> None:
    directory = crate(tmp_path / "extensions/numbers")
    found = find_extension("numbers", case_file=tmp_path / "cases/numbers.yaml", root=tmp_path)
    assert (found.name, found.directory) == ("numbers", directory)


def test_a_name_can_be_that_of_a_crate_in_the_settings(tmp_path: Path) -> None:
    directory = crate(tmp_path / "elsewhere/numbers")
    crate(tmp_path / "extensions/numbers")
    found = find_extension("numbers", case_file=tmp_path / "a.yaml", root=tmp_path, crates=[directory])
    assert found.directory == directory, "the settings come first"
    renamed = crate(tmp_path / "elsewhere/odd-name", MANIFEST.replace("my-numbers", "by-package"))
    found = find_extension("by-package", case_file=tmp_path / "a.yaml", root=tmp_path, crates=[directory, renamed])
    assert (found.directory, found.name) == (renamed, "by-package")


@pytest.mark.parametrize("name", ["numbers", "my-numbers", "the_lib"])
def test_a_name_can_be_that_of_the_crate_around_the_case_file(tmp_path: Path, name: str) -> None:
    directory = crate(tmp_path / "numbers", MANIFEST.replace("[lib]", '[lib]\nname = "the_lib"'))
    (directory / "tests/matrix").mkdir(parents=True)
    found = find_extension(name, case_file=directory / "tests/matrix/x.yaml", root=directory)
    assert found.directory == directory


def test_a_workspace_around_the_case_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text('[workspace]\nmembers = ["crates/*"]\n')
    directory = crate(tmp_path / "crates/numbers")
    found = find_extension("numbers", case_file=directory / "cases/x.yaml", root=tmp_path)
    assert found.directory == directory


@pytest.mark.parametrize("name", ["../crates/numbers", "./../crates/numbers"])
def test_a_path_is_taken_from_the_case_file(tmp_path: Path, name: str) -> None:
    directory = crate(tmp_path / "crates/numbers")
    found = find_extension(name, case_file=tmp_path / "cases/x.yaml", root=tmp_path / "unrelated")
    assert (found.name, found.directory) == ("numbers", directory)


def test_a_crate_that_is_nowhere_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    listed = crate(tmp_path / "elsewhere/text")
    with pytest.raises(ExtensionError) as caught:
        find_extension("nmbers", case_file=tmp_path / "cases/x.yaml", root=tmp_path, crates=[listed])
    assert str(caught.value) == (
        f"{tmp_path}/cases/x.yaml: no extension is named 'nmbers'; looked in {tmp_path}/extensions/nmbers, {listed}. "
        "Write its directory (extension: ../path) or list it under [tool.backend-matrix] extensions"
    )


# --- the digest ------------------------------------------------------------------------------------


@pytest.fixture
def sample(tmp_path: Path) -> Extension:
    """A crate in a workspace, with a path dependency in each of the ways that Cargo knows."""
    (tmp_path / "Cargo.toml").write_text(
        '[workspace]\nmembers = ["*"]\n[workspace.dependencies]\nshared = { path = "shared" }\n'
        '[patch.crates-io]\npatched = { path = "patched" }\n'
    )
    (tmp_path / "Cargo.lock").write_text("version = 4\n")
    for name in ("direct", "for-unix", "for-build", "shared", "deep", "patched", "unrelated"):
        crate(tmp_path / name)
    with open(tmp_path / "direct/Cargo.toml", "a") as manifest:
        manifest.write('deep = { path = "../deep" }\nnumbers = { path = "../numbers" }\n')
    directory = crate(
        tmp_path / "numbers",
        MANIFEST + 'direct = { path = "../direct" }\nshared = { workspace = true }\npatched = "1"\n'
        "[target.'cfg(unix)'.dependencies]\nfor-unix = { path = '../for-unix' }\n"
        "[build-dependencies]\nfor-build = { path = '../for-build' }\n",
        '[tool.maturin]\nmodule-name = "pkg.native"\npython-source = "../python"\n',
    )
    (tmp_path / "python/pkg").mkdir(parents=True)
    (tmp_path / "python/pkg/__init__.py").write_text("")
    return read_extension(directory)


@pytest.mark.parametrize(
    "file",
    [
        "numbers/src/lib.rs",
        "numbers/Cargo.toml",
        "numbers/pyproject.toml",
        "direct/src/lib.rs",
        "deep/src/lib.rs",
        "for-unix/src/lib.rs",
        "for-build/src/lib.rs",
        "shared/src/lib.rs",
        "patched/src/lib.rs",
        "python/pkg/__init__.py",
        "Cargo.toml",
        "Cargo.lock",
    ],
)
def test_a_change_of_what_is_compiled_changes_the_digest(sample: Extension, file: str) -> None:
    before = source_digest(sample)
    assert source_digest(sample) == before
    path = sample.directory.parent / file
    path.write_text(path.read_text() + "\n# changed\n")
    assert source_digest(sample) != before


@pytest.mark.parametrize(
    "file",
    [
        "numbers/src/new.rs",
        "numbers/build.rs",
        ".cargo/config.toml",
        "numbers/.cargo/config.toml",
        "rust-toolchain.toml",
        "rust-toolchain",
    ],
)
def test_a_new_file_that_decides_what_is_compiled_changes_the_digest(sample: Extension, file: str) -> None:
    before = source_digest(sample)
    path = sample.directory.parent / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    assert source_digest(sample) != before


@pytest.mark.parametrize(
    "file",
    [
        "unrelated/src/lib.rs",
        "numbers/target/release/x.rs",
        "numbers/.git/HEAD",
        "numbers/.hidden",
        "numbers/pkg/__pycache__/x.pyc",
        "numbers/pkg/native.cpython-314-x86_64-linux-gnu.so",
        "numbers/results/events.jsonl",
        "README.md",
    ],
)
def test_what_is_not_compiled_leaves_the_digest_alone(sample: Extension, file: str) -> None:
    before = source_digest(sample)
    path = sample.directory.parent / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something")
    assert source_digest(sample) == before


def test_the_digest_does_not_depend_on_where_the_checkout_lies(sample: Extension, tmp_path: Path) -> None:
    before = source_digest(sample)
    moved = tmp_path.parent / f"{tmp_path.name}-moved"
    os.rename(tmp_path, moved)
    assert source_digest(read_extension(moved / "numbers")) == before


def test_a_renamed_file_changes_the_digest(sample: Extension) -> None:
    before = source_digest(sample)
    (sample.directory / "src/lib.rs").rename(sample.directory / "src/other.rs")
    assert source_digest(sample) != before


def test_a_link_that_leads_nowhere_is_no_source(sample: Extension) -> None:
    before = source_digest(sample)
    (sample.directory / "src/gone.rs").symlink_to("/nowhere/at/all")
    assert source_digest(sample) == before


def test_the_workspace_of_a_crate_is_the_nearest_one_around_it(sample: Extension, tmp_path: Path) -> None:
    assert workspace_root(sample.directory) == tmp_path
    alone = crate(tmp_path.parent / f"{tmp_path.name}-alone")
    assert workspace_root(alone) == alone
