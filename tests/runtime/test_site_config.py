"""What an installation says for all its repositories, checked before anything starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.runtime import site_config
from app.settings import SettingsError, load_settings


def read(file: Path) -> Mapping[str, Any]:
    return site_config(load_settings({"CW__APP__SITE_CONFIG": str(file)}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "site.yml"


@pytest.mark.parametrize(
    ("text", "config"), [("coverage: {range: 60..80}", {"coverage": {"range": [60.0, 80.0]}}), ("# nothing", {})]
)
def test_the_site_is_read_in_its_normal_form(file: Path, text: str, config: dict[str, Any]) -> None:
    file.write_text(text)

    assert read(file) == config


def test_an_installation_need_not_say_anything() -> None:
    assert site_config(load_settings({})) == {}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "coverage: {round: x}\nbad: 1",
            ["bad: unknown field", "coverage.round: unallowed value x; allowed: down, up, nearest"],
        ),
        ("a: b: c", ["line 1, column 5: mapping values are not allowed in this context"]),
        ("- a", ["YAML must be a mapping"]),
    ],
)
def test_a_wrong_site_stops_the_start_with_every_problem(file: Path, text: str, problems: list[str]) -> None:
    file.write_text(text)

    with pytest.raises(SettingsError) as caught:
        read(file)

    assert caught.value.problems == [f"app.site_config: {file}: {problem}" for problem in problems]


def test_a_site_that_is_not_there_stops_the_start(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"app\.site_config: cannot read"):
        read(file)
