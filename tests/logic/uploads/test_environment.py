"""Variables of the CI job are made storable and bounded."""

from app.logic.uploads.environment import MAX_NAME, MAX_VALUE, MAX_VARIABLES, clean_env


def test_variables_are_kept_by_name_and_the_last_value_counts() -> None:
    assert clean_env([("OS", "linux"), (" CI_NODE ", " 3 "), ("", "x"), ("OS", "mac"), ("EMPTY", "")]) == {
        "OS": "mac",
        "CI_NODE": "3",
        "EMPTY": "",
    }


def test_what_the_database_refuses_is_replaced() -> None:
    assert clean_env([("A\x00", "b\ud800")]) == {"A\ufffd": "b\ufffd"}


def test_the_environment_is_bounded() -> None:
    env = clean_env([(f"N{number}" + "n" * 9999, "v" * 9999) for number in range(1000)])

    assert len(env) == MAX_VARIABLES
    assert {len(name) for name in env} == {MAX_NAME}
    assert {len(value) for value in env.values()} == {MAX_VALUE}
