"""Names of objects in storage. Every write goes to a name of its own, so two workers never write the same object."""

from datetime import date


def raw_upload(day: date, prefix: str, sha: str, upload: str) -> str:
    return f"raw/{day.isoformat()}/{prefix}/{sha}/{upload}"


def parsed_upload(prefix: str, sha: str, upload: str, attempt: int) -> str:
    """The number of the attempt names the claim, and so the only writer."""
    return f"parsed/{prefix}/{sha}/{upload}.{attempt}"


def carried_upload(prefix: str, sha: str, upload: str) -> str:
    """An upload that was never claimed; `upload` is new for every try to carry it."""
    return parsed_upload(prefix, sha, upload, 0)


def commit_report(prefix: str, sha: str, report: str, generation: int, writer: str) -> str:
    """`writer` is any text that two assemblers of the same generation do not share."""
    return f"reports/{prefix}/{sha}/{report}/{generation}-{writer}"


def report_layer(report: str, key: str) -> str:
    """A layer lies beside the report, given by its name, that it was first part of."""
    return f"{report}.{key}"


def comparison(prefix: str, comparison_id: int, attempt: int) -> str:
    """The number of the attempt names the claim, and so the only writer."""
    return f"comparisons/{prefix}/{comparison_id}.{attempt}.json"
