"""Names of objects in storage. Every write goes to a name of its own, so two workers never write the same object."""

from datetime import date


def raw_upload(day: date, prefix: str, sha: str, upload: str) -> str:
    return f"raw/{day.isoformat()}/{prefix}/{sha}/{upload}"


def parsed_upload(prefix: str, sha: str, upload: str, attempt: int) -> str:
    return f"parsed/{prefix}/{sha}/{upload}.{attempt}"


def commit_report(prefix: str, sha: str, report: str, generation: int, fingerprint: bytes) -> str:
    """The fingerprint of the inputs keeps two assemblers of the same generation apart; equal inputs, equal bytes."""
    return f"reports/{prefix}/{sha}/{report}/{generation}-{fingerprint.hex()[:16]}"


def comparison(prefix: str, comparison_id: int, base_generation: int, head_generation: int) -> str:
    return f"comparisons/{prefix}/{comparison_id}-{base_generation}-{head_generation}.json"
