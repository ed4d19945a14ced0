"""Whole uploads: 100 MB of Cobertura in either form of the envelope, and 10,000 small files, each in its own process.

The baseline of the large ones is expat without handlers over the same XML.
`python -m benchmarks.bench_upload WHAT FORM SCALE` measures one and prints JSON.
"""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from app.helpers.memory import rss_bytes, trim
from app.logic.coverage.codec import encode
from app.logic.uploads.envelope import write_envelope
from app.logic.uploads.limits import Limits
from app.logic.uploads.parse import UploadFacts, parse_upload
from benchmarks.measure import Row, alternate, parse_small, peak_mb, seconds, tokenize
from benchmarks.workload_formats import sized

SIZE = 100e6
FILES = 10_000
FACTS = UploadFacts(datetime(2024, 5, 1, 12, tzinfo=UTC))
TIMES_TOKENS = 10
PEAK_MUST_MB = 700
SMALL_FILES_SECONDS = 5


def json_form(files: dict[str, bytes]) -> bytes:
    return write_envelope(files, ())


def text_form(files: dict[str, bytes]) -> bytes:
    return b"".join(b"# path=%s\n%s\n<<<<<< EOF\n" % (name.encode(), content) for name, content in files.items())


FORMS: dict[str, Callable[[dict[str, bytes]], bytes]] = {"v1": json_form, "text": text_form}


def rows(scale: float) -> Iterator[Row]:
    """Measure one large file and many small ones in both forms."""
    for form in FORMS:
        ours, theirs, peak = _in_new_process("large", form, scale)
        operation = f"upload ({form}) of {SIZE * scale / 1e6:.0f} MB Cobertura: parse, encode"
        yield Row(operation, ours, "expat without handlers", theirs, TIMES_TOKENS, peak, PEAK_MUST_MB)
    for form in FORMS:
        ours, _, peak = _in_new_process("small", form, scale)
        operation = f"upload ({form}) of {FILES * scale:.0f} files of 2 kB: parse, encode"
        yield Row(operation, ours, "", math.nan, SMALL_FILES_SECONDS, peak, PEAK_MUST_MB)


def small_files(count: int) -> dict[str, bytes]:
    """Return LCOV tracefiles of one source file each."""
    lines = "".join(f"DA:{line},{line % 7}\n" for line in range(1, 210))
    return {f"out/{n}.info": f"TN:\nSF:src/part{n % 50}/f{n}.c\n{lines}end_of_record\n".encode() for n in range(count)}


def process(upload: bytes, form: str) -> bytes:
    parsed = parse_upload(upload, FACTS if form == "v1" else UploadFacts(FACTS.created_at, None), Limits())
    if parsed.report is None:
        raise RuntimeError(f"no report: {parsed.problem}")
    return encode(parsed.report, {})


def _measure(what: str, form: str, scale: float) -> tuple[float, float, float]:
    large = what == "large"
    files = {"coverage.xml": sized("cobertura", SIZE * scale)} if large else small_files(round(FILES * scale))
    upload = FORMS[form](files)
    document = files["coverage.xml"] if large else b""
    del files
    if not large:
        return seconds(lambda: process(upload, form)), math.nan, math.nan
    return (*alternate(lambda: process(upload, form), lambda: tokenize(document)), math.nan)


def _peak(form: str) -> float:
    """Return the most memory (MB) above idle that an upload from standard input takes, itself included."""
    parse_small()
    trim()
    idle = rss_bytes() / 1e6
    upload = sys.stdin.buffer.read()
    process(upload, form)
    return peak_mb() - idle


def _in_new_process(what: str, form: str, scale: float) -> tuple[float, float, float]:
    files = {"coverage.xml": sized("cobertura", SIZE * scale)} if what == "large" else small_files(round(FILES * scale))
    command = [sys.executable, "-m", "benchmarks.bench_upload"]
    upload = FORMS[form](files)
    del files
    answer = subprocess.run([*command, "peak", form, "1"], input=upload, check=True, stdout=subprocess.PIPE).stdout
    peak = json.loads(answer)
    answer = subprocess.run([*command, what, form, str(scale)], check=True, stdout=subprocess.PIPE).stdout
    ours, theirs, _ = json.loads(answer)
    return ours, theirs, peak


if __name__ == "__main__":
    kind, envelope, share = sys.argv[1:]
    print(json.dumps(_peak(envelope) if kind == "peak" else _measure(kind, envelope, float(share))))
