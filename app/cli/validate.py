"""`coverage-worker validate`: whether the configuration file of a repository is right, without any service."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from app.clients.git.base import EntryKind, TreeEntry
from app.logic.repository_yaml.find import FOLDERS, NAMES, locate
from app.logic.repository_yaml.loading import load_yaml
from app.logic.repository_yaml.normalise import Normalised, normalise
from app.logic.repository_yaml.problems import InvalidYaml, described

EXIT_INVALID = 1


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(file: Path | None) -> None:
    """Check the configuration FILE of a repository and print its normal form, or every problem on a line.

    Without FILE it is looked for in the current checkout, as a worker does at a commit. Exit code 1 if it is wrong.
    """
    path = file or _found()
    try:
        document = load_yaml(path.read_bytes())
        result = Normalised({}) if document is None else normalise(document)
    except InvalidYaml as error:
        for problem in error.errors:
            click.echo(f"{path}: {described(problem)}")
        sys.exit(EXIT_INVALID)
    click.echo(f"{path}: Valid")
    click.echo(json.dumps(result.config, indent=2, ensure_ascii=False))
    for warning in result.warnings:
        click.echo(f"warning: {described(warning)}")


def _found() -> Path:
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    path = locate(lambda folder: _entries(root, folder))
    if path is None:
        places = f"there or in {' or '.join(FOLDERS)}"
        raise click.ClickException(f"No configuration in {root}: it is called {', '.join(NAMES)}, {places}.")
    return root / path


def _entries(root: Path, folder: str) -> Sequence[TreeEntry]:
    return [TreeEntry(path.relative_to(root).as_posix(), path.name, _kind(path)) for path in (root / folder).iterdir()]


def _kind(path: Path) -> EntryKind:
    if path.is_symlink():
        return "other"
    return "folder" if path.is_dir() else "file"
