"""Directories of CI machines in front of repository paths: taken away where no file list says what is ours.

The table is applied in order to a normalised path, ignoring case: the first row that matches at the start of the path
decides, once. A row takes away what it matches; one that matches to the end leaves nothing, which drops the file.
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from app.logic.coverage.expressions import compile_expression
from app.logic.uploads.paths.dependencies import VIRTUALENV


class Prefix(NamedTuple):
    """A row of the table: a regular expression; `{repository}` in it is the name of the repository.

    `absolute`: only for paths that were absolute.
    """

    expression: str
    absolute: bool = False


_S: Final = "[^/]+"  # one segment

KNOWN: Final = (
    Prefix(rf"(home|Users)/travis/build/{_S}/{_S}/"),
    Prefix(rf"(home|Users)/jenkins/jobs/{_S}/workspace/"),
    Prefix(rf"Users/distiller/{_S}/"),
    Prefix(rf"home/{_S}/src/{_S}/{_S}/{_S}/"),
    Prefix(rf"(home|Users)/{_S}/workspace/{_S}/{_S}/"),
    Prefix(rf".*/jenkins/workspace/{_S}/"),
    Prefix(rf"(.*/src/)?github\.com/{_S}/{_S}/"),
    Prefix(rf"\w:/Repos/{_S}/{_S}/"),
    Prefix(rf"[\w:/]+projects/{_S}/", absolute=True),
    Prefix(rf"\w:/_build/GitHub/{_S}/"),
    Prefix(rf"build/lib\.{_S}/"),
    Prefix(r"home/circleci/code/"),
    Prefix(r"home/circleci/repo/"),
    Prefix(r"vendor/src/.*"),
    Prefix(r"pipeline/source/"),
    Prefix(r"var/snap-ci/repo/"),
    Prefix(rf"home/ubuntu/{_S}/"),
    Prefix(rf".*/site-packages/{_S}\.egg/"),
    Prefix(r".*/site-packages/"),
    Prefix(rf"usr/local/lib/{_S}/dist-packages/"),
    Prefix(r".*/slather/spec/fixtures/.*"),
    Prefix(r".*/target/generated-sources/.*"),
    Prefix(r".*/\.phpenv/.*"),
    Prefix(r".*/Debug-iphonesimulator/ReactiveCocoa\.build/DerivedSources/RA.*"),
    Prefix(r"usr/include/.*"),
    Prefix(r".*/handlebars\.js/dist/.*"),
    Prefix(r"(.*/)?node_modules/.*"),
    Prefix(r"(.*/)?bower_components/.*"),
    Prefix(r".*/lib/clang/.*"),
    Prefix(r".*[<>].*"),
    Prefix(r"\w:/a/{repository}/{repository}/"),  # GitHub's Windows machines
    Prefix(r"\w:/"),
    Prefix(r".*/mac-coverage/build/src/.*"),
    Prefix(r"opt/.*/dist-packages/.*"),
    Prefix(r".*/iPhoneSimulator\.platform/Developer/SDKs/.*"),
    Prefix(r"Applications/Xcode\.app/Contents/Developer/Toolchains/.*"),
    Prefix(rf"(.*/)?{VIRTUALENV}/.+/[^/]*\.py$"),
    Prefix(rf"Users/{_S}/Projects/.*/Pods/.*"),
    Prefix(rf"Users/{_S}/Projects/{_S}/"),
    Prefix(rf"home/runner/work/{_S}/{_S}/"),
    Prefix(rf"Users/runner/work/{_S}/{_S}/"),
    Prefix(rf"__w/{_S}/{_S}/"),
    Prefix(r"github/workspace/"),
    Prefix(r"drone/src/"),
    # GitLab: groups in groups, so the repository's own name is where its directory ends; the first one, because
    # directories within a repository may be called like it.
    Prefix(r"(home/gitlab-runner/)?builds/.*?/{repository}/"),
    Prefix(rf"home/{_S}/{_S}/{_S}/"),
)


def without_ci_prefix(path: str, *, absolute: bool, repository: str | None) -> str:
    """Return a normalised path without the directory of a CI machine; empty if the file is none of the repository.

    `absolute` says that the path was. Rows with the repository's name are left out where it is unknown.
    """
    match = _compiled(absolute, repository or "").match(path)
    return path[match.end() :] if match else path


@lru_cache(maxsize=64)
def _compiled(absolute: bool, repository: str) -> Any:
    """All rows as one expression: of alternatives that match at the same place, RE2 takes the first."""
    rows = [
        row.expression.replace("{repository}", re.escape(repository))
        for row in KNOWN
        if (absolute or not row.absolute) and (repository or "{repository}" not in row.expression)
    ]
    return compile_expression("|".join(rows), ignore_case=True)
