"""Runs damaged documents one after another in a process of its own, which may hang, grow or die:
`python -m tests.fuzz.victim FAMILY SEED FIRST SECONDS PROGRESS`.

The number of the case in hand stands in the file PROGRESS, so that whoever started this knows what it died of.
"""

import faulthandler
import os
import random
import resource
import sys
import time
from pathlib import Path

from tests.fuzz.families import FAMILIES, Family
from tests.fuzz.mutate import Document, damaged

SECONDS = 2.0  # for one case, and as much again for each MB
MEMORY = 512 << 20  # bytes that a case may take; documents have 1 MB at most, and may name 2 million lines


def case(
    name: str, family: Family, documents: list[Document], seed: int, number: int
) -> tuple[Document, random.Random]:
    """Return the document of a case, which is the same in every process, and the chance that its check goes on with."""
    chance = random.Random(f"{name} {seed} {number}")
    return damaged(chance, documents), chance


def run(name: str, seed: int, first: int, seconds: float, progress: Path) -> None:
    """Run the cases from number `first` on; the first finding ends the process."""
    family = FAMILIES[name]
    documents = family.seeds()
    for document in documents:
        family.check(document, random.Random(0))
    limit_memory()
    file = os.open(progress, os.O_WRONLY | os.O_CREAT)
    end = time.monotonic() + seconds
    number = first
    while time.monotonic() < end:
        os.pwrite(file, number.to_bytes(8, "little"), 0)
        document, chance = case(name, family, documents, seed, number)
        # A watch by signals would wait for the end of a call into C.
        faulthandler.dump_traceback_later(SECONDS * (1 + len(document.data) / 1e6), exit=True)
        family.check(document, chance)
        faulthandler.cancel_dump_traceback_later()
        number += 1
    os.pwrite(file, number.to_bytes(8, "little"), 0)


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    family_name, *numbers, progress_file = sys.argv[1:]
    run(family_name, int(numbers[0]), int(numbers[1]), float(numbers[2]), Path(progress_file))
