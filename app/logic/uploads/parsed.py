"""The parsed reports of the uploads of a commit, and what they say together."""

from collections.abc import Collection, Sequence

from app.clients.storage import ObjectStorage
from app.logic.coverage import codec
from app.logic.coverage.assembled import AssembledReport, Session
from app.logic.coverage.codec import StoredReport
from app.logic.coverage.merge import merge
from app.logic.coverage.report import Report
from app.logic.uploads.objects import MAX_OBJECT
from app.models.reports import Upload


def open_parsed(storage: ObjectStorage, report_id: int, sessions: Sequence[Session]) -> dict[int, StoredReport]:
    """Open the parsed report of each session of a commit report, by the session's number.

    Raises StorageError or codec.CodecError for an object that was lost or damaged.
    """
    numbers = [session.index for session in sessions]
    uploads = Upload.select().where((Upload.report == report_id) & Upload.session_index.in_(numbers))
    paths = {upload.session_index: upload.parsed_path for upload in uploads}
    return {number: codec.open_report(storage.get(paths.get(number) or "", max_bytes=MAX_OBJECT)) for number in numbers}


def merge_flags(
    storage: ObjectStorage, report_id: int, assembled: AssembledReport, flags: Collection[str]
) -> tuple[Report, tuple[Session, ...]]:
    """Return the merge of the uploads that have one of the flags, and their sessions; raises as `open_parsed`."""
    sessions = tuple(session for session in assembled.sessions if not set(flags).isdisjoint(session.flags))
    return merge(list(open_parsed(storage, report_id, sessions).values())), sessions
