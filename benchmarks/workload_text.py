"""Deterministic LCOV tracefiles and Go cover profiles of any size, for benchmarks and tests."""

import random

FILES = 5_000  # at scale 1
LINES_PER_FILE = 400
BRANCH_LINES_PER_FILE = 60
FUNCTIONS_PER_GO_FILE = 20
_FOLDERS = ("attitude", "booster", "capsule", "docking", "engine", "fairing", "guidance", "hatch")


def lcov(scale: float = 1.0) -> bytes:
    """A tracefile of `scale` x 5,000 files with 400 lines each, of which 60 have branches; 33 MB at scale 1."""
    rng = random.Random(20240607)
    return "".join(_lcov_section(rng, number) for number in range(max(1, round(FILES * scale)))).encode()


def go(scale: float = 1.0) -> bytes:
    """A profile of `scale` x 600,000 blocks in 5,000 files, which cover 3 million lines; 53 MB at scale 1."""
    rng = random.Random(20240608)
    files = (_go_file(rng, number) for number in range(max(1, round(FILES * scale))))
    return ("mode: count\n" + "".join(files)).encode()


def _lcov_section(rng: random.Random, number: int) -> str:
    lines = sorted(rng.sample(range(1, 2 * LINES_PER_FILE), LINES_PER_FILE))
    branching = sorted(rng.sample(lines, BRANCH_LINES_PER_FILE))
    starts = lines[:: LINES_PER_FILE // 10]
    hits = {line: _hits(rng) for line in lines}
    out = [f"TN:\nSF:src/{_folder(number)}/module_{number:05d}.ts"]
    out.extend(f"FN:{line},function_{index}" for index, line in enumerate(starts))
    out.append(f"FNF:{len(starts)}\nFNH:{len(starts)}")
    out.extend(f"FNDA:{hits[line]},function_{index}" for index, line in enumerate(starts))
    out.extend(f"DA:{line},{count}" for line, count in hits.items())
    out.append(f"LF:{len(lines)}\nLH:{sum(map(bool, hits.values()))}")
    for block, line in enumerate(branching):
        for arm in range(rng.choice((2, 2, 2, 2, 3, 4))):
            out.append(f"BRDA:{line},{block},{arm},{rng.choice((0, 1, 7, hits[line])) if hits[line] else '-'}")
    out.append(f"BRF:{2 * len(branching)}\nBRH:{len(branching)}\nend_of_record\n")
    return "\n".join(out)


def _go_file(rng: random.Random, number: int) -> str:
    path = f"github.com/acme/rocket/internal/{_folder(number)}/module_{number:05d}_controller.go"
    out: list[str] = []
    line = 10
    for _ in range(FUNCTIONS_PER_GO_FILE):
        out.extend(f"{path}:{block}" for block in _go_function(rng, line))
        line += 31
    return "\n".join(out) + "\n"


def _go_function(rng: random.Random, line: int) -> list[str]:
    """Six blocks of one function in the order of the Go tool: its straight parts first, then the nested ones."""
    first, second = line + rng.randint(3, 6), line + rng.randint(12, 15)
    condition, loop = rng.randint(8, 40), rng.randint(8, 40)
    calls = _hits(rng)
    taken, rounds = (calls and rng.choice((0, 1, calls))), (calls and rng.choice((0, calls, 7 * calls)))
    return [
        f"{line}.{rng.randint(20, 70)},{first}.{condition} {first - line} {calls}",
        f"{first + 6}.2,{second}.{loop} {second - first - 6} {calls}",
        f"{second + 9}.2,{line + 30}.{rng.randint(3, 30)} 3 {calls}",
        f"{first}.{condition},{first + 5}.2 4 {taken}",
        f"{second}.{loop},{second + 4}.{condition + 1} 4 {rounds}",
        f"{second + 4}.{condition + 1},{second + 8}.4 3 {rounds and rng.choice((0, rounds))}",
    ]


def _folder(number: int) -> str:
    """Ascending with the number, because tools list files by their path."""
    return f"{_FOLDERS[number * len(_FOLDERS) // FILES % len(_FOLDERS)]}/{number // 100:02d}"


def _hits(rng: random.Random) -> int:
    return 0 if rng.random() < 0.3 else int(10 ** (6 * rng.random() ** 3))
