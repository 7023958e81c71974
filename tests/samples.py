"""``make samples``: compile what a HIS maker pastes, and hold it to the vectors.

Every sample signs the vector of the contract and others with signs, spaces, long keys
and long texts, by HMAC-SHA256 and HMAC-SM3; one difference ends it with exit code 1.
As root on a Debian machine missing compilers are installed by apt.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.his.contract.launch import (
    VECTOR_KEY,
    VECTOR_PARAMETERS,
    Algorithm,
    sign,
    signing_text,
)
from tests.parts import install
from tests.services import PartMissing

SAMPLES = Path(__file__).resolve().parents[1] / "his_plugin" / "samples"
KEYED = (Algorithm.HMAC_SHA256, Algorithm.HMAC_SM3)
VECTORS: Sequence[tuple[str, Mapping[str, str]]] = (
    (VECTOR_KEY, VECTOR_PARAMETERS),
    (
        "密钥，不短于十六位字符",
        {"n": "O'Brien (王) *~!+/=&%", "u": "001188", "app": "Y-W_2"},
    ),
    ("k" * 64, {"app": "YW", "pid": "", "vid": "V 1"}),
    ("k" * 65, {"n": "罗" * 64, "a": "1", "A": "2", "_": "3"}),
    # Texts that end just before, at and after the end of a block.
    *(("test-key-0001", {"u": "1" * length}) for length in range(50, 66)),
)
# Command → Debian package.
PACKAGES = {
    "node": "nodejs",
    "javac": "default-jdk-headless",
    "mcs": "mono-mcs",
    "mono": "mono-runtime",
    "fpc": "fp-compiler",
}


@dataclass(frozen=True)
class Sample:
    """How one is made into something to run; ``build`` gives the command."""

    name: str
    build: Callable[[Path], list[str]]


def made(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"samples: {' '.join(command)}\n{done.stdout}{done.stderr}")


def java(folder: Path) -> list[str]:
    made("javac", "-encoding", "UTF-8", "-d", str(folder), str(SAMPLES / "Launch.java"))
    return ["java", "-cp", str(folder), "Launch"]


def csharp(folder: Path) -> list[str]:
    program = str(folder / "Launch.exe")
    made("mcs", "-codepage:utf8", f"-out:{program}", str(SAMPLES / "Launch.cs"))
    return ["mono", program]


def pascal(folder: Path) -> list[str]:
    made("fpc", "-v0", f"-FE{folder}", str(SAMPLES / "launch.pas"))
    return [str(folder / "launch")]


ALL = (
    Sample("JavaScript", lambda folder: ["node", str(SAMPLES / "launch.js")]),
    Sample("Java", java),
    Sample("C#", csharp),
    Sample("Pascal", pascal),
)


def differences(command: list[str]) -> list[str]:
    """Where what the sample prints is not what the contract says."""
    found = []
    for key, parameters in VECTORS:
        words = [
            f"{name}={value}" for name, value in reversed(list(parameters.items()))
        ]
        for algorithm in KEYED:
            said = subprocess.run(
                [*command, algorithm, key, *words],
                env=os.environ | {"LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            right = f"{signing_text(parameters)}\n{sign(parameters, key, algorithm)}\n"
            if said.stdout != right:
                found.append(f"{algorithm} {words}:\n{said.stdout}{said.stderr}{right}")
    return found


def main() -> int:
    """The exit code of the command."""
    missing = [name for tool, name in PACKAGES.items() if shutil.which(tool) is None]
    if missing:
        print(f"installing what the samples need: {' '.join(missing)}", flush=True)
        try:
            install(missing)
        except PartMissing as problem:
            print(f"make samples needs: {problem}", file=sys.stderr)
            return 1
    status = 0
    with tempfile.TemporaryDirectory() as folder:
        for sample in ALL:
            wrong = differences(sample.build(Path(folder)))
            count = len(VECTORS) * len(KEYED)
            print(f"{sample.name}: {count - len(wrong)} of {count} signatures right")
            for one in wrong:
                print(one, file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
