"""What people write as patterns becomes regular expressions that are safe to run."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.logic.coverage.filters import PathFilter
from app.logic.repository_yaml.patterns import MAX_PATTERN, PatternError, branch_pattern, path_fix, path_pattern


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        # prefixes
        ("src", "^src"),
        ("./src", "^src"),
        ("  src ", "^src"),
        ("/abs/src", "^abs/src"),
        (".//abs/src", "^abs/src"),
        ("!src/gen/", "!^src/gen/"),
        ("!!src/gen/", "!^src/gen/"),
        ("c++/src", r"^c\+\+/src"),
        ("src/app/(auth)/", r"^src/app/\(auth\)/"),
        ("a(b", r"^a\(b"),
        (".github", r"^\.github"),
        (".", "^"),
        ("./", "^"),
        ("/", "^"),
        # globs
        ("lib/**", "^lib/.*$"),
        ("lib/*", "^lib/[^/]*$"),
        ("**/test_*.py", r"^(?:.*/)?test_[^/]*\.py$"),
        ("a/**/b.py", r"^a/(?:.*/)?b\.py$"),
        ("**/vendor/", "^(?:.*/)?vendor/.*$"),
        ("*.md", r"^[^/]*\.md$"),
        ("build/*.{js,ts}", r"^build/[^/]*\.(js|ts)$"),
        ("{a,b}", "^(a|b)$"),
        ("file?.c", r"^file[^/]\.c$"),
        ("**", "^.*$"),
        ("*", "^[^/]*$"),
        # regular expressions
        ("a.*", "a.*"),
        (".*", ".*"),
        (r"src/.*\.js", r"src/.*\.js"),
        (r"^src/.+\.py", r"^src/.+\.py"),
        ("[!a]*.py", "[!a]*.py"),
        (r"\.js$", r"\.js$"),
        ("src/(a|b)/", "src/(a|b)/"),
        ("(?i)SRC", "(?i)SRC"),
        ("app/[id]/page.tsx", "app/[id]/page.tsx"),
        # looks like a regular expression, but is none
        (r"a(b|c", r"^a\(b\|c"),
        ("a(b|*c", r"^a\(b\|[^/]*c$"),
        ("a[z-a]b", r"^a\[z-a\]b"),
        ("a]b[", r"^a\]b\["),
    ],
)
def test_a_path_pattern_is_a_prefix_a_glob_or_a_regular_expression(text: str, stored: str) -> None:
    assert path_pattern(text) == stored


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("src", "src/a.py", True),
        ("src", "src2/x.py", True),
        ("src", "lib/src/a.py", False),
        ("**/foo.py", "foo.py", True),
        ("**/foo.py", "a/b/foo.py", True),
        ("**/foo.py", "a/xfoo.py", False),
        ("a/**/b.py", "a/b.py", True),
        ("a/**/b.py", "a/x/y/b.py", True),
        ("lib/*", "lib/x", True),
        ("lib/*", "lib/x/y", False),
        ("*.md", "a.md", True),
        ("*.md", "d/a.md", False),
        ("/abs/src", "abs/src/a.py", True),
        ("c++/src", "c++/src/a.cc", True),
        ("c++/src", "ccc/src/a.cc", False),
        ("src/app/(auth)/", "src/app/(auth)/p.tsx", True),
        ("a(b", "a(b/x.py", True),
        ("src/*.{js,ts}", "src/a.ts", True),
        ("src/*.{js,ts}", "src/a.rs", False),
        ("**/vendor/", "vendor/a.c", True),
        ("**/vendor/", "x/vendor/y/a.c", True),
        ("**/vendor/", "vendor", False),
        (r"src/.*\.js", "src/a.jsx", True),
        ("app/[id]/page.tsx", "app/[id]/page.tsx", True),
        ("[ab]/**", "b/x.py", True),
        ("[!ab]/**", "c/x.py", True),
        ("[!ab]/**", "a/x.py", False),
        ("x[!a]*/**", "x/y/z", False),
        (".", "anything/a.py", True),
        ("**", "new\nline.py", True),
    ],
)
def test_stored_path_patterns_match_as_people_expect(pattern: str, path: str, matches: bool) -> None:
    assert PathFilter([path_pattern(pattern)]).matches(path) is matches


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty pattern"),
        ("  ", "empty pattern"),
        ("!", "empty pattern"),
        ("a" * (MAX_PATTERN + 1), "longer than 1024 characters"),
        ("[z-a]/**", "not a valid pattern"),
        ("^(?!vendor)", "look-around and back references are not supported"),
        ("(?<=a)b.*", "look-around and back references are not supported"),
        (r"(a)\1", "look-around and back references are not supported"),
        ("a\ud800", "not a valid pattern"),
    ],
)
def test_an_unusable_path_pattern_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        path_pattern(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("old/::new/", "^old/::new/"),
        (" old/ :: new/ ", "^old/::new/"),
        ("build-*/::out/", "^build\\-[^/]*/::out/"),
        ("rm/::", "^rm/::"),
        ("::pre/", "::pre/"),
        ("dist-*/::", "^dist\\-[^/]*/::"),
        ("a::b::c", "^a::b::c"),
        ("/home/ci/::x", "^home/ci/::x"),
        ("c++/::cpp/", r"^c\+\+/::cpp/"),
        ("**/src/::src/", "^(?:.*/)?src/::src/"),
        (r"v\d+/::", r"v\d+/::"),
        ("{:a,b}/*::c", "^(:a|b)/[^/]*::c"),
        (r"C:\agent\1\s\::", "^C:/agent/1/s/::"),
        ("!a::b", "^!a::b"),
    ],
)
def test_a_path_fix_has_a_regular_expression_before_and_a_text_after(text: str, stored: str) -> None:
    assert path_fix(text) == stored


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nosep", "separate before and after with ::"),
        ("", "empty pattern"),
        ("::", "needs a text before or after"),
        ("a" * 1023 + "::", "longer than 1024 characters"),
        ("[z-a]/*::x", "not a valid pattern"),
    ],
)
def test_an_unusable_path_fix_is_refused_in_plain_words(text: str, message: str) -> None:
    with pytest.raises(PatternError, match=message):
        path_fix(text)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (None, None),
        ("", ".*"),
        ("*", ".*"),
        (".*", ".*"),
        ("main", "^main$"),
        (" main ", "^main$"),
        ("release/*", "^release/.*"),
        ("feature-*-x", "^feature-.*-x$"),
        ("*-rc", ".*-rc$"),
        ("!main", "^!main$"),
        ("!*-rc", "^!.*-rc$"),
        ("^dev$", "^dev$"),
        ("v1.2", r"^v1\.2$"),
        ("c++(x)", r"^c\+\+\(x\)$"),
        ("v1.*", "^v1.*"),
        ("^v[0-9]*$", "^v[0-9]*$"),
        ("main|dev", "^(?:main|dev)$"),
        ("!main|dev", "^!(?:main|dev)$"),
        ("^main$|^dev$", "^main$|^dev$"),
    ],
)
def test_a_branch_pattern_is_anchored_and_its_stars_stand_for_anything(text: str | None, stored: str | None) -> None:
    assert branch_pattern(text) == stored


@pytest.mark.parametrize(
    ("pattern", "branch", "matches"),
    [
        ("main", "main", True),
        ("main", "maintenance", False),
        ("release/*", "release/1/2", True),
        ("v1.2", "v1x2", False),
        ("main|dev", "maintenance", False),
        ("!main", "main", False),
        ("!main", "maintenance", True),
        ("!*-rc", "v1-rc", False),
    ],
)
def test_stored_branch_patterns_match_as_people_expect(pattern: str, branch: str, matches: bool) -> None:
    assert PathFilter([branch_pattern(pattern) or ""]).matches(branch) is matches


@pytest.mark.parametrize("text", ["[", "^(", "!", "a" * 1025, r"(a)\1", "!?\\"])
def test_an_unusable_branch_pattern_is_refused(text: str) -> None:
    with pytest.raises(PatternError):
        branch_pattern(text)


signs = st.text(st.sampled_from("ab/.*?[]{},()|+^$!\\:- "), max_size=20)


def test_a_sign_that_is_taken_away_holds_no_repetition_up() -> None:
    stored = path_pattern("^!?src/.*")

    assert PathFilter([stored]).matches("^!-src/.b")


@settings(deadline=None)
@given(signs)
@example("!?\\")
def test_every_text_is_translated_or_refused(text: str) -> None:
    for translate in (path_pattern, path_fix, branch_pattern):
        try:
            stored = translate(text)
        except PatternError:
            continue

        assert stored is not None
        PathFilter([stored.partition("::")[0] if translate is path_fix else stored])


@settings(deadline=None)
@given(st.text(st.sampled_from("ab/.()[-@ "), max_size=12))
def test_a_prefix_matches_what_starts_with_it(text: str) -> None:
    prefix = path_pattern(f"x{text}y")

    assert PathFilter([prefix]).matches(f"x{text}y/a.py")
