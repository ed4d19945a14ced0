"""Texts as YAML gives them, and hostile ones that must end in an error at once."""

from typing import Any

import pytest

from app.logic.repository_yaml.loading import MAX_BYTES, MAX_DEPTH, MAX_NODES, load_yaml
from app.logic.repository_yaml.problems import InvalidYaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing but a comment\n", None),
        ("~", None),
        ("a: 1", {"a": 1}),
        ("\ufeffa: ü", {"a": "ü"}),
        ("[yes, no, on, off, 'yes']", [True, False, True, False, "yes"]),
        ("[1.10, 1, '1', ~]", [1.1, 1, "1", None]),
        ("[2026-03-01, 2026-03-01T12:00:00Z]", ["2026-03-01", "2026-03-01T12:00:00Z"]),
        ("a: &x {k: 1}\nb: *x", {"a": {"k": 1}, "b": {"k": 1}}),
        ("a: &x {k: 1, l: 1}\nb: {<<: *x, k: 2}", {"a": {"k": 1, "l": 1}, "b": {"k": 2, "l": 1}}),
        ("a: !!str 1", {"a": "1"}),
    ],
)
def test_values_are_those_of_yaml_1_1_except_dates(text: str, value: Any) -> None:
    assert load_yaml(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("a: 1\nb: [1\nc: 2", 3, 2, "did not find expected ',' or ']'"),
        ("a:\n\tb: 1", 2, 1, "cannot start any token"),
        ("a: 1\nb: 2\na: 3", 3, 1, "the key 'a' stands here twice"),
        ("x:\n  a: 1\n  'a': 2", 3, 3, "the key 'a' stands here twice"),
        ("a: *b", 1, 4, "undefined alias"),
        ("a: &a [*a]", 1, 8, "an alias stands inside of what it names"),
        ("? [a]\n: 1", 1, 3, "a key must be a single value"),
        ("a: 1\n---\nb: 2", 2, 1, "another document"),
        ("a: !!python/object:os.system x", 1, 4, "the tag !!python/object:os.system is not supported"),
        ("a: !!binary aGk=", 1, 4, "the tag !!binary is not supported"),
        ("a: !!set {a}", 1, 4, "the tag !!set is not supported"),
        ("a: !!int many", 1, 4, "not a value of type !!int"),
        ("a: !!int ''", 1, 4, "not a value of type !!int"),
        ("a: !!bool maybe", 1, 4, "not a value of type !!bool"),
        ("a: 0x_", 1, 4, "not a value of type !!int"),
        ('a: "\\0"', 1, 4, "NUL"),
        ('a: "\\uD800"', 1, 7, "invalid Unicode"),
        ("a: " + "1" * 5000, 1, 4, "a number of more than 100 characters"),
        ("a: 1" + ":10" * 100_000, 1, 4, "a number of more than 100 characters"),
    ],
)
def test_a_problem_is_told_with_its_line_and_column(text: str, line: int, column: int, problem: str) -> None:
    with pytest.raises(InvalidYaml) as caught:
        load_yaml(text.encode())

    assert caught.value.syntax is not None
    assert (caught.value.syntax["line"], caught.value.syntax["column"]) == (line, column)
    assert problem in caught.value.syntax["problem"]
    assert caught.value.errors == [
        {"path": [], "message": f"line {line}, column {column}: {caught.value.syntax['problem']}"}
    ]


@pytest.mark.parametrize("content", [b"a: \xff", b"a: 1\x01", "a: 1".encode("utf-16")])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidYaml):
        load_yaml(content)


def bomb(line: str) -> str:
    return "a0: &a0 {k: 1}\n" + "".join(
        f"a{level}: &a{level} {line.format(', '.join([f'*a{level - 1}'] * 10))}\n" for level in range(1, 10)
    )


@pytest.mark.parametrize(
    "text",
    [
        bomb("[{}]"),
        bomb("{{<<: [{}]}}"),
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "\n".join(f"- &a{level} [*a{level - 1}]" if level else "- &a0 [x]" for level in range(MAX_DEPTH)),
        "[" + "1," * (MAX_NODES + 1) + "]",
        "a: &a {<<: *a}",
        "#" * (MAX_BYTES + 1),
    ],
    ids=["aliases", "merges", "lists", "mappings", "blocks", "keys", "deep aliases", "many", "itself", "large"],
)
def test_hostile_documents_are_refused(text: str) -> None:
    with pytest.raises(InvalidYaml):
        load_yaml(text.encode())


def test_a_document_of_nothing_but_keys_is_not_read_to_its_end() -> None:
    text = "{" + "1," * (MAX_NODES + 1) + "}"

    with pytest.raises(InvalidYaml) as refused:
        load_yaml(text.encode())

    assert refused.value.errors[0]["message"] == f"line 1, column {MAX_NODES + 1}: more than {MAX_NODES} values"


def test_the_largest_document_is_read() -> None:
    text = "a: '" + "x" * (MAX_BYTES - 5) + "'"

    assert len(load_yaml(text.encode())["a"]) == MAX_BYTES - 5
