"""Known directories of CI machines are taken away in the order of the table, and some files with them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.logic.uploads.paths.ci_prefixes import without_ci_prefix


def strip(path: str, repository: str | None = "rocket") -> str:
    """Ours, for a path as a tool wrote it."""
    return without_ci_prefix(path.lstrip("/"), absolute=path.startswith("/") or ":" in path[:2], repository=repository)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/travis/build/acme/rocket/src/a.py", "src/a.py"),
        ("/Users/travis/build/acme/rocket/src/a.py", "src/a.py"),
        ("/home/jenkins/jobs/rocket/workspace/src/a.py", "src/a.py"),
        ("/Users/distiller/rocket/src/a.py", "src/a.py"),
        ("/home/ci/src/github.com/acme/rocket/a.py", "a.py"),
        ("/home/ci/workspace/acme/rocket/a.py", "a.py"),
        ("/var/jenkins/workspace/rocket/a.py", "a.py"),
        ("/go/src/github.com/acme/rocket/a.go", "a.go"),
        ("github.com/acme/rocket/a.go", "a.go"),
        ("C:/Repos/acme/rocket/a.cs", "a.cs"),
        ("/Users/me/projects/rocket/a.py", "a.py"),
        ("C:/me/projects/rocket/a.py", "a.py"),
        ("D:/_build/GitHub/rocket/a.cs", "a.cs"),
        ("build/lib.linux-x86_64/a.py", "a.py"),
        ("/home/circleci/code/a.py", "a.py"),
        ("/home/circleci/repo/a.py", "a.py"),
        ("/pipeline/source/a.py", "a.py"),
        ("/var/snap-ci/repo/a.py", "a.py"),
        ("/home/ubuntu/rocket/a.py", "a.py"),
        ("/usr/lib/python3/site-packages/rocket-1.0.egg/rocket/a.py", "rocket/a.py"),
        ("/usr/lib/python3/site-packages/rocket/a.py", "rocket/a.py"),
        ("/usr/local/lib/python3/dist-packages/rocket/a.py", "rocket/a.py"),
        ("X:/src/a.cs", "src/a.cs"),
        ("Users/ci-1/Projects/rocket/a.swift", "a.swift"),
        ("/home/ci/acme/rocket/a.py", "a.py"),
        ("HOME/Travis/BUILD/acme/rocket/src/a.py", "src/a.py"),
        # machines of today
        ("/home/runner/work/rocket/rocket/src/a.py", "src/a.py"),
        ("/Users/runner/work/rocket/rocket/src/a.py", "src/a.py"),
        ("D:/a/rocket/rocket/src/a.py", "src/a.py"),
        ("/__w/rocket/rocket/src/a.py", "src/a.py"),
        ("/github/workspace/src/a.py", "src/a.py"),
        ("/drone/src/src/a.py", "src/a.py"),
        ("/builds/acme/rocket/src/a.py", "src/a.py"),
        ("/builds/acme/tools/rocket/src/rocket/a.py", "src/rocket/a.py"),
        ("/builds/rocket/rocket/src/a.py", "src/a.py"),
        ("/home/gitlab-runner/builds/x1/0/acme/rocket/src/a.py", "src/a.py"),
    ],
)
def test_directories_of_ci_machines_are_taken_away(path: str, expected: str) -> None:
    assert strip(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "vendor/src/a.go",
        "x/slather/spec/fixtures/a.m",
        "x/target/generated-sources/A.java",
        "/home/me/.phpenv/a.php",
        "x/Debug-iphonesimulator/ReactiveCocoa.build/DerivedSources/RACa.m",
        "/usr/include/stdio.h",
        "x/handlebars.js/dist/a.js",
        "node_modules/a.js",
        "web/node_modules/x/a.js",
        "bower_components/a.js",
        "web/bower_components/a.js",
        "/usr/lib/clang/9/a.h",
        "<frozen importlib>",
        "a/<stdin>.py",
        "x/mac-coverage/build/src/a.c",
        "/opt/python/dist-packages/a.py",
        "x/iPhoneSimulator.platform/Developer/SDKs/a.h",
        "/Applications/Xcode.app/Contents/Developer/Toolchains/a.h",
        "venv/lib/a.py",
        "x/.venv/lib/python3/a.py",
        "env/lib/a.py",
        "x/venvs/one/a.py",
        "x/virtualenv-3.11/lib/a.py",
        ".env/lib/a.py",
        "Users/ci-1/Projects/rocket/Pods/a.m",
    ],
)
def test_files_of_tools_and_dependencies_are_dropped(path: str) -> None:
    assert strip(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        "src/a.py",
        "src/projects/foo/a.py",  # only a directory of an absolute path can be one of a CI machine here
        "vendor/a.go",
        "test/a.py",
        "tests/vendor/a.py",
        "venv/a.py",
        "venv/lib/a.txt",
        "environment/lib/a.py",
        "src/node_modules.py",
        "src/usr/include/a.h",
        "builds/acme/other/a.py",
    ],
)
def test_other_paths_stay(path: str) -> None:
    assert strip(path) == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        # an earlier row wins: the own directory of Travis, not any home
        ("/home/travis/build/acme/rocket/a/b/c/d.py", "a/b/c/d.py"),
        # once only
        ("/home/circleci/repo/home/circleci/repo/a.py", "home/circleci/repo/a.py"),
        # dependencies that are installed are named as in the repository, those in a virtualenv too
        ("/x/venv/lib/site-packages/rocket/a.py", "rocket/a.py"),
    ],
)
def test_the_first_row_that_matches_decides(path: str, expected: str) -> None:
    assert strip(path) == expected


def test_rows_with_the_name_of_the_repository_need_it() -> None:
    assert strip("/builds/acme/rocket/src/a.py", repository=None) == "builds/acme/rocket/src/a.py"


def test_the_name_of_the_repository_is_no_expression() -> None:
    assert strip("/builds/acme/rXcket/src/a.py", repository="r.cket") == "builds/acme/rXcket/src/a.py"
    assert strip("/builds/acme/r.c+(k]/src/a.py", repository="r.c+(k]") == "src/a.py"


@settings(deadline=None)
@given(st.text(), st.booleans(), st.text(st.characters(codec="utf-8")))
def test_what_is_left_is_an_ending_of_the_path(path: str, absolute: bool, repository: str) -> None:
    assert path.endswith(without_ci_prefix(path, absolute=absolute, repository=repository))
