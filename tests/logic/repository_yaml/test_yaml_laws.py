"""What holds for any document at all: an error in plain words or a normal form, and nothing else."""

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.repository_yaml.effective import effective_config
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import normalise
from app.logic.repository_yaml.problems import InvalidYaml, described
from tests.logic.repository_yaml.every_key import EVERY_KEY

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["auto", "80%", "60..80", "src/**", "a::b", "(", "any_change", "5mb", "off", "2026-03-01"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(SCALARS, children, max_size=3),
    max_leaves=8,
)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A right document in which some values, at any depth, are replaced by any others."""
    document: Any = {"": load_yaml(EVERY_KEY.encode())}
    for _ in range(draw(st.integers(0, 4))):
        parent, key = document, ""
        while isinstance(parent[key], dict | list) and parent[key] and draw(st.integers(0, 9)) > 0:
            parent = parent[key]
            key = draw(st.sampled_from(list(parent) if isinstance(parent, dict) else range(len(parent))))
        parent[key] = draw(VALUES)
    return document[""]


@settings(max_examples=200, deadline=None)
@given(documents())
def test_any_value_is_normalised_or_refused_in_order(document: Any) -> None:
    try:
        result = normalise(document)
    except InvalidYaml as error:
        assert error.errors
        assert error.errors == InvalidYaml(reversed(error.errors)).errors
        assert all("\n" not in described(problem) for problem in error.errors)
        json.dumps(error.errors)
    else:
        assert normalise(document).config == result.config
        assert json.loads(json.dumps(result.config, allow_nan=False)) == result.config
        effective_config(result.config, {}, result.config)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_what_yaml_can_write_is_read_back_or_refused(document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)

    try:
        loaded = load_yaml(text.encode("utf-8", "surrogatepass"))
    except InvalidYaml as error:
        assert error.syntax is not None
    else:
        assert json.dumps(loaded, default=str)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet="ab:-?[]{}&*!|>'\"%@#, \n\t<~.01=", max_size=60).map(str.encode))
def test_any_text_is_read_or_refused(content: bytes) -> None:
    try:
        load_yaml(content)
    except InvalidYaml as error:
        assert error.syntax is not None
        assert error.syntax["line"] >= 1 and error.syntax["column"] >= 1 and error.syntax["problem"]
