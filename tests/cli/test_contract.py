"""`contract`: every actor message as JSON Schema."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]


def test_every_message_has_a_valid_schema_and_a_queue() -> None:
    # A process of its own: actors bind to the broker of the process that imports them.
    code = "from app.cli import main; main()"
    output = subprocess.run(
        [sys.executable, "-c", code, "contract"], cwd=ROOT, capture_output=True, timeout=60, check=True
    ).stdout

    actors = json.loads(output)["actors"]

    assert {
        "uploads.prepare",
        "uploads.process",
        "uploads.assemble",
        "comparisons.compute",
        "notify.commit",
    } <= actors.keys()
    for name, actor in actors.items():
        jsonschema.Draft202012Validator.check_schema(actor["payload"])
        assert actor["queue"] in {"uploads", "reports", "notify", "sync", "ingest", "maintenance"}, name
        assert actor["description"]
    validator = jsonschema.Draft202012Validator(actors["uploads.process"]["payload"])
    assert validator.is_valid({"upload_id": 7, "future_field": True})
    assert not validator.is_valid({"upload_id": "7"})
