"""The documentation keeps up with the product: links lead somewhere, and what a reader can name is described."""

import re
from pathlib import Path

import dramatiq
import pytest
from prometheus_client import REGISTRY

import app.metrics  # noqa: F401  # registers every metric
from app import runtime
from app.cli.main import cli
from app.logic.repository_yaml.normalise import normalise
from app.settings import _SECTIONS, _Root

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(FENCE.sub("", page.read_text())) if "://" not in link]

    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    sections = _Root().fields.values()

    keys = [
        f"{section}.{name}"
        for section, field in zip(_SECTIONS, sections, strict=True)
        for name in field.schema.fields  # type: ignore[attr-defined]  # every section is nested
    ]

    assert keys
    assert [key for key in keys if f"`{key}`" not in page] == []


def test_every_command_and_its_options_are_documented() -> None:
    page = (ROOT / "docs" / "cli.md").read_text()

    for name, command in cli.commands.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        options = [opt for param in command.params for opt in param.opts if opt.startswith("--") and opt != "--help"]

        assert section, f"{name} has no section"
        assert [option for option in options if option not in section] == [], name


def test_every_actor_is_documented() -> None:
    page = (ROOT / "docs" / "messages.md").read_text()
    if dramatiq.broker.global_broker is None:
        runtime.configure_offline()
    import app.actors  # noqa: PLC0415  # actors bind to the broker that is global when they are imported
    from app.actors.base import Actor  # noqa: PLC0415

    modules = [getattr(app.actors, name) for name in app.actors.__all__]
    names = {value.actor_name for module in modules for value in vars(module).values() if isinstance(value, Actor)}

    assert "uploads.process" in names
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_metric_is_documented() -> None:
    docs = "\n".join(page.read_text() for page in PAGES)
    names = {metric.name for metric in REGISTRY.collect() if metric.name.startswith("covworker_")}

    assert names
    assert sorted(name for name in names if name not in docs) == []


def test_every_documented_option_of_a_parser_may_be_set_in_a_configuration() -> None:
    section = (ROOT / "docs" / "formats.md").read_text().partition("\n## Options\n")[2].partition("\n## ")[0]
    options = re.findall(r"`(\w+)\.(partials_as_hits|handle_missing_conditions|enable_partials|ignore_\w+)`", section)

    config: dict[str, dict[str, bool]] = {}
    for name, option in options:
        config.setdefault(name, {})[option] = True

    assert len(options) > 10
    assert normalise({"parsers": config}).config == {"parsers": config}
