"""Upload errors in words."""

from app.logic.uploads.problems import REPORT_EMPTY, UNKNOWN_STORAGE, UploadProblem


def test_facts_are_written_for_people() -> None:
    facts = {"reason": "no_path_matched", "dropped": {"no_match": 7}, "samples": ["a.py", "b.py"]}

    text = str(UploadProblem(REPORT_EMPTY, facts))

    assert text.endswith("(reason: no_path_matched; dropped: no_match 7; samples: a.py, b.py)")


def test_a_problem_without_facts_is_a_sentence() -> None:
    assert str(UploadProblem(UNKNOWN_STORAGE)) == "Object storage did not answer."
