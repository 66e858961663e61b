"""Count for each function of the C-API how many published packages need it, and write ``docs/c-api-ranking.toml``.

    python docs/make_capi_ranking.py              # counts anew in the wheels that are pinned in the file
    python docs/make_capi_ranking.py --refresh    # pins the newest wheels first

The packages are named in the file: the most downloaded ones on PyPI that have an extension module for Linux, and those
of PyO3 whose suites are run here.  Of each the wheel for CPython 3.14 on x86-64 is read, with pip, and not installed: a
package needs a function if one of its shared libraries has it as an undefined symbol.  Wheels that are not for the
stable ABI name functions outside it too; only those that the table of the C-API has are of use to it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RANKING = ROOT / "docs" / "c-api-ranking.toml"
sys.path.insert(0, str(ROOT))

from harness.symbols import wanted_functions  # noqa: E402

PYTHON = "3.14"
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
OLDER_PLATFORMS = ("manylinux_2_12_x86_64", "manylinux2010_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64")
HEAD = """\
# Made by `docs/make_capi_ranking.py`; only the packages' names are written by hand.
# `needed` tells of each function how many of the packages below need it, and how many of those are made with PyO3.
"""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A package's wheel: what it is, whether PyO3 made it, and the functions that it needs."""

    name: str
    version: str
    sha256: str
    pyo3: bool
    functions: frozenset[str]


def read_wheel(name: str, path: Path) -> Wheel:
    """Read a wheel's shared libraries.  Raises: ValueError -- one of them is none."""
    functions: set[str] = set()
    pyo3 = False
    with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as directory:
        for member in archive.namelist():
            if member.endswith(".so"):
                library = Path(archive.extract(member, directory))
                functions |= wanted_functions(library)
                # PyO3's messages name its own source files.
                pyo3 = pyo3 or b"/pyo3-" in library.read_bytes() or b"PanicException" in library.read_bytes()
    if not functions:
        raise ValueError(f"{path.name} has no extension module")
    version = path.name.split("-")[1]
    return Wheel(name, version, hashlib.sha256(path.read_bytes()).hexdigest(), pyo3, frozenset(functions))


def download(requirement: str, to: Path) -> Path:
    """Get one wheel with pip.  Ends the program with pip's own words if it cannot."""
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    argv += ["--python-version", PYTHON, "--implementation", "cp"]
    argv += [word for abi in (f"cp{PYTHON.replace('.', '')}", "abi3", "none") for word in ("--abi", abi)]
    argv += [word for platform in (*PLATFORMS, *OLDER_PLATFORMS) for word in ("--platform", platform)]
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([*argv, "--dest", str(to), requirement], env=environment, check=False)
    if done.returncode != 0:
        sys.exit(f"{requirement}: pip found no wheel for CPython {PYTHON}")
    (wheel,) = to.glob("*.whl")
    return wheel


def write(wheels: list[Wheel]) -> str:
    """Return the file's text."""
    everywhere = Counter(function for wheel in wheels for function in wheel.functions)
    in_pyo3 = Counter(function for wheel in wheels if wheel.pyo3 for function in wheel.functions)
    text = f'{HEAD}\npython = "{PYTHON}"\n'
    for wheel in wheels:
        text += f'\n[[package]]\nname = "{wheel.name}"\nversion = "{wheel.version}"\nsha256 = "{wheel.sha256}"\n'
        text += f"pyo3 = {str(wheel.pyo3).lower()}\n"
    text += "\n[needed]\n"
    order = sorted(everywhere, key=lambda function: (-everywhere[function], function))
    return text + "".join(f"{function} = [{everywhere[function]}, {in_pyo3[function]}]\n" for function in order)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refresh", action="store_true", help="pin the newest wheels first")
    refresh = parser.parse_args().refresh
    wheels = []
    for package in tomllib.loads(RANKING.read_text(encoding="utf-8"))["package"]:
        name, version, known = package["name"], package.get("version"), package.get("sha256")
        print(name, file=sys.stderr, flush=True)
        pinned = version is not None and not refresh
        with tempfile.TemporaryDirectory() as directory:
            wheel = read_wheel(name, download(f"{name}=={version}" if pinned else name, Path(directory)))
        if pinned and wheel.sha256 != known:
            sys.exit(f"{name} {version}: the wheel's hash is {wheel.sha256}, not {known}")
        wheels.append(wheel)
    RANKING.write_text(write(wheels), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
