"""Synthetic upload reports of one repository, made directly as columns; the same seed gives the same reports."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.logic.coverage.branches import pair_codes
from app.logic.coverage.measure import select_files
from app.logic.coverage.ragged import offsets_of
from app.logic.coverage.report import BRANCH, METHOD, Complexity, MissingArms, Report

FILES = 5_000
MEAN_LINES = 400
SEED = 20240229


@dataclass(frozen=True, slots=True)
class Repository:
    """What all uploads share: which lines exist, which of them branch, which code no test reaches.

    `block` is the basic block of each row (the rows of a block run equally often), `reachable` is by block,
    `arm_reachable` by arm in the order of the branch rows.
    """

    files: tuple[str, ...]
    offsets: NDArray[np.int64]
    line: NDArray[np.int32]
    kind: NDArray[np.uint8]
    block: NDArray[np.int64]
    reachable: NDArray[np.bool_]
    branch_row: NDArray[np.int64]
    branch_arms: NDArray[np.int32]
    arm_reachable: NDArray[np.bool_]


def repository(scale: float = 1.0, seed: int = SEED) -> Repository:
    """Make a repository of 5,000 x scale files and 2 million x scale lines of log-normal file sizes.

    15 % of the lines have 2 to 10 arms, 5 % are methods; 20 % of the blocks and 10 % of the arms are out of reach.
    """
    random = np.random.default_rng(seed)
    files = max(int(FILES * scale), 1)
    sizes = random.lognormal(0, 1, files)
    counts = np.maximum(sizes / sizes.mean() * MEAN_LINES, 1).astype(np.int64)
    offsets = offsets_of(counts)
    rows = int(offsets[-1])
    steps = 1 + np.where(random.random(rows) < 0.3, random.geometric(0.4, rows), 0)
    ends = np.cumsum(steps)
    before = ends[offsets[:-1]] - steps[offsets[:-1]]
    line = (ends - np.repeat(before, counts)).astype(np.int32)
    draw = random.random(rows)
    kind = np.select([draw < 0.15, draw < 0.2], [BRANCH, METHOD]).astype(np.uint8)
    block = np.cumsum(random.random(rows) < 0.25)
    branch_row = np.flatnonzero(kind == BRANCH)
    branch_arms = np.minimum(1 + random.geometric(0.7, len(branch_row)), 10).astype(np.int32)
    return Repository(
        files=tuple(f"src/package_{number // 50:03}/module_{number:05}.py" for number in range(files)),
        offsets=offsets,
        line=line,
        kind=kind,
        block=block,
        reachable=random.random(int(block[-1]) + 1) >= 0.2,
        branch_row=branch_row,
        branch_arms=branch_arms,
        arm_reachable=random.random(int(branch_arms.sum())) >= 0.1,
    )


def uploads(model: Repository, count: int, share: float = 0.8, seed: int = SEED) -> Iterator[Report]:
    """Yield upload reports that each hold a random `share` of the files and reach 75 % of what can be reached."""
    random = np.random.default_rng(seed + 1)
    for _ in range(count):
        yield select_files(_upload(model, random), random.random(len(model.files)) < share)


def _upload(model: Repository, random: np.random.Generator) -> Report:
    runs = np.minimum(random.zipf(1.5, len(model.reachable)), 2_000_000)
    runs[~model.reachable | (random.random(len(runs)) < 0.25)] = 0
    hits = runs[model.block]
    arms = offsets_of(model.branch_arms)
    owner = np.repeat(np.arange(len(model.branch_arms)), model.branch_arms)
    taken = model.arm_reachable & (random.random(len(owner)) < 0.75) & (hits[model.branch_row] > 0)[owner]
    hits[model.branch_row] = np.bincount(owner[taken], minlength=len(model.branch_arms))
    missed = np.flatnonzero(~taken)
    lengths = np.bincount(owner[missed], minlength=len(model.branch_arms))
    lists = np.flatnonzero(lengths)
    number = np.arange(len(owner)) - np.repeat(arms[:-1], model.branch_arms)
    row = model.branch_row[lists]
    method = np.flatnonzero(model.kind == METHOD)
    return Report(
        files=model.files,
        offsets=model.offsets,
        line=model.line,
        hits=hits,
        kind=model.kind,
        branch_row=model.branch_row,
        branch_arms=model.branch_arms,
        missing=MissingArms(
            row,
            model.branch_arms[lists],
            offsets_of(lengths[lists]),
            pair_codes(owner[missed] % 97, number[missed]),
        ),
        complexity=Complexity(method, (1 + method % 7).astype(np.int32), np.full(len(method), -1, dtype=np.int32)),
    )
