"""`make fuzz`: damaged documents of every family; nothing may fail, hang, take much memory or leave the rules."""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.families import FAMILIES
from tests.fuzz.victim import case

MOST_FINDINGS = 10  # of a family; one cause mostly has many
LAST_LINES = 12


def hunt(name: str, seed: int, seconds: float, folder: Path) -> tuple[int, int]:
    """Run a family for a while; return the numbers of cases and findings, of which the documents are in `folder`."""
    end = time.monotonic() + seconds
    number = findings = 0
    with tempfile.TemporaryDirectory() as place:
        progress = Path(place, "progress")
        while (left := end - time.monotonic()) > 0 and findings < MOST_FINDINGS:
            progress.write_bytes(number.to_bytes(8, "little"))
            command = [
                sys.executable,
                "-m",
                "tests.fuzz.victim",
                name,
                str(seed),
                str(number),
                str(left),
                str(progress),
            ]
            ended = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, errors="replace")
            number = int.from_bytes(progress.read_bytes(), "little")
            if ended.returncode:
                findings += 1
                report(name, seed, number, ended, folder)
                number += 1
    return number, findings


def report(name: str, seed: int, number: int, ended: "subprocess.CompletedProcess[str]", folder: Path) -> None:
    family = FAMILIES[name]
    document, _ = case(name, family, family.seeds(), seed, number)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{name}-{seed}-{number}"
    kept.write_bytes(document.data)
    last = "\n".join(f"  {line[:300]}" for line in ended.stderr.splitlines()[-LAST_LINES:])
    print(
        f"{name}: case {number} of seed {seed} (name {document.name!r}) ended with {ended.returncode}: {kept}\n{last}"
    )


def repeat(name: str, seed: int, number: int) -> None:
    """Run one case in this process, for a debugger."""
    family = FAMILIES[name]
    document, chance = case(name, family, family.seeds(), seed, number)
    family.check(document, chance)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="for all families together")
    parser.add_argument("--family", choices=FAMILIES, nargs="+", default=[*FAMILIES])
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="repeats a run")
    parser.add_argument("--case", type=int, help="only this case, in this process")
    parser.add_argument("--folder", type=Path, default=Path("fuzz-findings"), help="where documents are kept")
    options = parser.parse_args(arguments)
    if options.case is not None:
        repeat(options.family[0], options.seed, options.case)
        return 0
    failed = 0
    for name in options.family:
        cases, findings = hunt(name, options.seed, options.seconds / len(options.family), options.folder)
        print(f"{name}: {cases} cases, {findings} findings, seed {options.seed}", flush=True)
        failed += findings
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
