"""Settings: sources and their order, every problem at once, secrets."""

from pathlib import Path

import pytest

from app.settings import SettingsError, load_settings

CLUSTER = {
    "CW__DATABASE__URL": "postgresql://cov@db/cov",
    "CW__BROKER__URL": "amqp://cov@mq/",
    "CW__STORAGE__URL": "s3://coverage",
}


def test_nothing_configured_means_embedded() -> None:
    assert load_settings({}).is_embedded


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yml"
    file.write_text("app: {brand: From file, status_prefix: file}\n")

    settings = load_settings({"CW_CONFIG_FILE": str(file), "CW__APP__BRAND": "From environment"})

    assert (settings.app.brand, settings.app.status_prefix) == ("From environment", "file")


def test_a_folder_may_begin_with_the_home_of_the_user() -> None:
    settings = load_settings({"CW__EMBEDDED__FOLDER": "~/coverage"})

    assert settings.embedded.folder == str(Path.home() / "coverage")


def test_an_empty_folder_is_not_the_current_one() -> None:
    with pytest.raises(SettingsError, match=r"embedded\.folder: Not the path of a folder"):
        load_settings({"CW__EMBEDDED__FOLDER": ""})


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")

    settings = load_settings({"CW__PROVIDERS__GITHUB__TOKEN__FILE": str(tmp_path / "token")})

    assert settings.github.token == "s3cret"


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a")

    with pytest.raises(SettingsError, match=r"providers\.github\.token: set by both"):
        load_settings(
            {"CW__PROVIDERS__GITHUB__TOKEN": "b", "CW__PROVIDERS__GITHUB__TOKEN__FILE": str(tmp_path / "token")}
        )


def test_every_problem_is_named_at_once_with_its_source() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"CW__FOO__BAR": "1", "CW__LOG__LEVEL": "loud", "CW__LOG__COLOR": "x", "CW__LIMITS__FILES": "0"})

    text = "\n".join(caught.value.problems)
    assert "foo.bar: unknown key (from CW__FOO__BAR)" in text
    assert "log.level" in text and "from CW__LOG__LEVEL" in text
    assert "log.color: unknown key" in text
    assert "limits.files" in text


def test_half_a_cluster_names_the_missing_half() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"CW__DATABASE__URL": CLUSTER["CW__DATABASE__URL"]})

    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["broker.url", "storage.url"]


def test_conventional_names_are_accepted_and_our_own_wins() -> None:
    settings = load_settings(CLUSTER | {"DATABASE_URL": "postgresql://other/db"})

    assert settings.database.url == CLUSTER["CW__DATABASE__URL"]


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("30s", 30), ("5m", 300), ("2h", 7200), ("7d", 604800)])
def test_durations(text: str, seconds: int) -> None:
    assert load_settings({"CW__UPLOADS__LEASE": text}).uploads.lease == seconds


@pytest.mark.parametrize(("text", "size"), [("1048576", 1 << 20), ("512MiB", 512 << 20), ("1GB", 10**9)])
def test_sizes(text: str, size: int) -> None:
    assert load_settings({"CW__LIMITS__RAW_BYTES": text}).limits.raw_bytes == size


def test_settings_never_show_secrets() -> None:
    settings = load_settings(CLUSTER | {"CW__PROVIDERS__GITHUB__TOKEN": "s3cret"})

    assert "s3cret" not in repr(settings) and "cov@" not in repr(settings)
