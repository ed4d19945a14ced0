"""Upload errors: the codes that are stored, and what a person is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FILE_NOT_IN_STORAGE = "file_not_in_storage"
REPORT_EXPIRED = "report_expired"
REPORT_EMPTY = "report_empty"
PROCESSING_TIMEOUT = "processing_timeout"
UNKNOWN_PROCESSING = "unknown_processing"
UNSUPPORTED_FILE_FORMAT = "unsupported_file_format"
UNKNOWN_STORAGE = "unknown_storage"
PARSED_OBJECT_LOST = "parsed_object_lost"

TEXTS: Mapping[str, str] = {
    FILE_NOT_IN_STORAGE: "The uploaded object is not in storage.",
    REPORT_EXPIRED: "The report is older than the repository allows.",
    REPORT_EMPTY: "The upload holds no coverage data for files of this repository.",
    PROCESSING_TIMEOUT: "Processing took longer than allowed.",
    UNKNOWN_PROCESSING: "The upload could not be read.",
    UNSUPPORTED_FILE_FORMAT: "No file of the upload has a known coverage format.",
    UNKNOWN_STORAGE: "Object storage did not answer.",
    PARSED_OBJECT_LOST: "What was carried forward is gone from storage.",
}


@dataclass(frozen=True, slots=True)
class UploadProblem:
    """Why an upload is not part of the report: a code of this module, with facts that help to mend it."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        facts = "; ".join(f"{name}: {_shown(value)}" for name, value in self.params.items())
        return f"{TEXTS.get(self.code, self.code)} ({facts})" if facts else TEXTS.get(self.code, self.code)


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
