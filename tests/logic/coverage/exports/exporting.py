"""Reports to export: made up by hypothesis, and those of real tools; and what is left of one in another format."""

from pathlib import Path

from hypothesis import strategies as st

from app.logic.coverage.builder import ReportBuilder
from app.logic.coverage.formats.base import FormatOptions
from app.logic.coverage.merge import merge
from app.logic.coverage.read import read_file
from app.logic.coverage.report import IGNORED, Report
from tests.logic.coverage import oracle
from tests.logic.coverage.oracle import Joined, Measure, Place, report_of

ROOT = Path(__file__).parents[4]
PAIR = 1  # style of an id
REPORTS = ROOT / "examples" / "rocket" / "reports"
# Every coverage file of the example that is read.
SAMPLES = sorted(
    str(path.relative_to(REPORTS))
    for pattern in ("*/*/*.info", "*/*/*.lcov", "*/*/*cov*.xml", "*/*/*.out", "*/*/clover.xml", "*/*/*.json")
    for path in REPORTS.glob(pattern)
    if not path.name.endswith(("-summary.json", "-stats.json"))
)

measures = st.builds(
    Measure,
    line=st.integers(1, 12) | st.sampled_from([99_999, 1_000_000]),
    hits=st.sampled_from([IGNORED, 0, 1, 2, 10, 2**31 - 1]),
    arms=st.sampled_from([0, 0, 1, 2, 3, 12]),
    missing=st.none()
    | st.lists(
        st.sampled_from(["0", "1", "14", "exit", "0:0", "0:1", "0:2", "9:4", "0:jump", "then:3", "zz", "<é>", "0:a,b"]),
        max_size=3,
        unique=True,
    ).map(tuple),
    kind=st.integers(0, 2),
    complexity=st.none() | st.tuples(st.integers(0, 300), st.integers(-1, 3)),
    path=st.sampled_from(["a.py", "b/ü.py", 'b/c/<&>".py', "b/z.py", "z.py"]),
)
# Of one upload, and joined from several, where a line may have several lists of missing arms.
reports = st.lists(measures, max_size=12).map(report_of) | st.lists(
    st.lists(measures, max_size=6).map(report_of), min_size=1, max_size=3
).map(merge)


def sample(name: str) -> Report:
    return parse((REPORTS / name).read_bytes(), name)


def parse(data: bytes, name: str | None = None) -> Report:
    """Read a report file; every record of it must be good."""
    builder = ReportBuilder()
    outcome = read_file(name, data, builder, FormatOptions(), max_bytes=1 << 30)
    assert outcome.stats is not None, outcome
    assert outcome.stats.skipped == 0, outcome.stats.first_problem
    assert not outcome.stats.truncated
    return builder.build()


def counted(report: Report) -> dict[Place, Joined]:
    """Return the lines that are not ignored."""
    return {place: joined for place, joined in oracle.read(report).items() if joined.hits != IGNORED}


def values(report: Report) -> dict[Place, tuple[int, int]]:
    """Return covered and all arms, or hits and 0, of each line that is not ignored."""
    return {place: (joined.hits, joined.arms) for place, joined in counted(report).items()}


def paired_arms(report: Report) -> dict[Place, frozenset[str]]:
    """Return the missing arms of lines whose only list names just the arms that are missing, all as `a:b`."""
    return {
        place: joined.missing[0][2]
        for place, joined in counted(report).items()
        if len(joined.missing) == 1
        and joined.missing[0][1] == joined.arms
        and {oracle.style(text) for text in joined.missing[0][2]} == {PAIR}
        and len(joined.missing[0][2]) == joined.arms - joined.hits
    }
