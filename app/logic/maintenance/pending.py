"""How many uploads have not come to their end, and how long they have been here."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from peewee import Case, fn

from app.models.reports import OPEN_UPLOAD_STATES, Upload

OLDER: Final = "older"
AGES: Final[Mapping[str, timedelta]] = {
    "1m": timedelta(minutes=1),
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}


def pending_by_age() -> dict[str, int]:
    """Count the open uploads by class of age (up to a minute, a quarter of an hour, ...), each class once.

    Carried sessions do not count: they keep the time of the upload that they come from.

    One query over the partial index of open uploads, which stays as small as the work that is left.
    """
    age = Case(None, [(Upload.created_at > fn.now() - limit, name) for name, limit in AGES.items()], OLDER)
    query = (
        Upload.select(age.alias("age"), fn.COUNT(Upload.id).alias("uploads"))
        .where(Upload.state.in_(OPEN_UPLOAD_STATES) & (Upload.kind == "uploaded"))
        .group_by(age)
    )
    return dict.fromkeys((*AGES, OLDER), 0) | {row["age"]: row["uploads"] for row in query.dicts().execute()}
