"""The GitHub client (github.com and GitHub Enterprise Server), over the REST API version 2022-11-28."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import structlog
from marshmallow import Schema, ValidationError
from requests.utils import parse_header_links

from app.clients.git.base import (
    ClientError,
    Comment,
    Commit,
    CommitStatus,
    Compare,
    Forbidden,
    GitError,
    Misconfigured,
    ObjectNotFound,
    Pull,
    PullCommit,
    RateLimited,
    RepoNotFound,
    RepoRef,
    ServerError,
    TreeEntry,
    Unreachable,
    carries_marker,
    choose_pull,
)
from app.clients.git.github_errors import error_of, message_of, rate_limit_end
from app.clients.git.github_payloads import (
    BranchPayload,
    CheckRunsPayload,
    CombinedStatusPayload,
    CommentPayload,
    CommitFilesPayload,
    CommitPayload,
    ComparePayload,
    FolderPayload,
    MergeBasePayload,
    PullPayload,
    TreePayload,
    diff_of,
)
from app.clients.http import Answer, AnswerTooLarge, HttpClient, Method, NetworkError
from app.helpers.diff import Diff
from app.helpers.unified_diff import parse_unified

logger = structlog.get_logger(__name__)

GITHUB_API: Final = "https://api.github.com"
_JSON: Final = "application/vnd.github+json"
_DIFF: Final = "application/vnd.github.v3.diff"
_RAW: Final = "application/vnd.github.raw+json"
_OBJECT: Final = "application/vnd.github.object+json"
_PER_PAGE: Final = 100
_MAX_PAGES: Final = 100
_MAX_COMMIT_FILES: Final = 3000
_MAX_TREES: Final = 200
_DESCRIPTION_LENGTH: Final = 140

_COMMIT: Final = CommitPayload()
_COMMITS: Final = CommitPayload(many=True)
_COMMIT_FILES: Final = CommitFilesPayload()
_COMPARE: Final = ComparePayload()
_MERGE_BASE: Final = MergeBasePayload()
_PULL: Final = PullPayload()
_PULLS: Final = PullPayload(many=True)
_STATUSES: Final = CombinedStatusPayload()
_CHECK_RUNS: Final = CheckRunsPayload()
_COMMENT: Final = CommentPayload()
_COMMENTS: Final = CommentPayload(many=True)
_BRANCH: Final = BranchPayload()
_FOLDER: Final = FolderPayload()
_TREE: Final = TreePayload()


class GitHub:
    """One repository on GitHub, seen with one token (a personal, bot or installation token).

    `api_url` is `https://api.github.com`, or `<server>/api/v3` of an Enterprise Server. A numeric `repo.repo_id` is
    preferred in addresses, as it survives renames. `now` (aware) is replaced by tests. Raises Misconfigured without a
    usable token.
    """

    def __init__(
        self,
        repo: RepoRef,
        token: str,
        api_url: str = GITHUB_API,
        http: HttpClient | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not (token and token.isascii() and token.isprintable() and " " not in token):
            raise Misconfigured("github: the token is empty or holds characters no header can carry")
        self._token = token
        self._http = http or HttpClient("github")
        self._now = now
        by_id = repo.repo_id.isdecimal()
        place = f"repositories/{repo.repo_id}" if by_id else f"repos/{_segment(repo.owner)}/{_segment(repo.name)}"
        self._root = f"{api_url.rstrip('/')}/{place}"

    # Commits and changes

    def get_commit(self, sha: str) -> Commit:
        # GitHub answers 422 for an unknown commit, so 404 is the repository itself.
        commit: Commit = self._get(f"commits/{_segment(sha)}", "commit", _COMMIT, missing=RepoNotFound)
        return commit

    def get_ancestors(self, sha: str, limit: int = 100) -> Sequence[tuple[str, tuple[str, ...]]]:
        ancestors: list[tuple[str, tuple[str, ...]]] = []
        # The page size must be the same for all pages, or commits would be skipped between them.
        size = min(limit, _PER_PAGE)
        for page in self._pages("commits", "commits", _COMMITS, {"sha": sha}, per_page=size):
            ancestors += [(commit.sha, commit.parents) for commit in page]
            if len(ancestors) >= limit:
                break
        return ancestors[:limit]

    def get_compare(self, base: str, head: str, *, with_commits: bool = False) -> Compare:
        """Return the three-dot comparison; its diff is read as raw text when the list of files was cut."""
        path = f"compare/{_segment(base)}...{_segment(head)}"
        # All files come with the first page, however few commits a page holds.
        pages = self._pages(path, "compare", _COMPARE, per_page=_PER_PAGE if with_commits else 1)
        first = next(pages)
        listed = diff_of(first["files"])
        diff = self._whole_diff(path, listed) if listed.incomplete else listed
        if not with_commits:
            return Compare(diff)
        commits = [first["base_commit"], *first["commits"]]
        for page in pages:
            commits += page["commits"]
        return Compare(diff, tuple(reversed(commits)))

    def get_commit_diff(self, sha: str) -> Diff:
        path = f"commits/{_segment(sha)}"
        raw = self._raw_diff(path)
        if raw is not None:
            return raw
        files = [file for page in self._pages(path, "commit_files", _COMMIT_FILES) for file in page["files"]]
        return diff_of(files, most=_MAX_COMMIT_FILES)

    def _whole_diff(self, path: str, listed: Diff) -> Diff:
        """Complete a listed diff by the raw one, and say so when files are still missing."""
        raw = self._raw_diff(path)
        if raw is None:
            return listed
        complete = not raw.incomplete and listed.files.keys() <= raw.files.keys()
        return Diff({**listed.files, **raw.files}, incomplete=not complete)

    def _raw_diff(self, path: str) -> Diff | None:
        """Return the diff read from raw text; None when GitHub refuses it (406, or 5xx, for what is too large)."""
        try:
            return parse_unified(self._call("GET", path, "diff", accept=_DIFF).body)
        except (ClientError, ServerError) as error:
            logger.warning("raw_diff_refused", provider="github", reason=str(error))
            return None

    # Pull requests

    def get_pull(self, number: int) -> Pull:
        pull: Pull = self._get(f"pulls/{number}", "pull", _PULL)
        return replace(pull, base=replace(pull.base, sha=self._fork_point(pull)))

    def find_pull(self, sha: str, branch: str | None = None) -> int | None:
        try:
            pages = list(self._pages(f"commits/{_segment(sha)}/pulls", "commit_pulls", _PULLS, missing=RepoNotFound))
        except ObjectNotFound:
            return None
        heads: dict[int, PullCommit] = {
            pull.number: pull.head for page in pages for pull in page if pull.state == "open"
        }
        return choose_pull(heads, sha, branch)

    def _fork_point(self, pull: Pull) -> str:
        """Return where the pull left its target branch, which GitHub's `base.sha` (a branch tip) does not tell."""
        parents: dict[str, tuple[str, ...]] = {}
        for page in self._pages(f"pulls/{pull.number}/commits", "pull_commits", _COMMITS):
            parents.update((commit.sha, commit.parents) for commit in page)
        if pull.head.sha in parents:
            return fork_point(pull.base.sha, pull.head.sha, parents)
        # GitHub lists 250 commits, oldest first: a longer pull request lacks its head.
        return self._standing(pull.base.sha, pull.head.sha)[0] or pull.base.sha

    def _standing(self, base: str, head: str) -> tuple[str | None, int | None]:
        """Return the merge base of two commits and how many commits of `base` are missing from `head`, if known."""
        path = f"compare/{_segment(base)}...{_segment(head)}"
        try:
            found = self._get(path, "compare", _MERGE_BASE, {"per_page": 1})
        except ObjectNotFound:
            return None, None
        merge_base = found["merge_base_commit"]
        return merge_base and merge_base["sha"], found["behind_by"]

    # Statuses

    def get_statuses(self, sha: str) -> Sequence[CommitStatus]:
        """Return the latest commit status of every context and the latest check runs."""
        path = f"commits/{_segment(sha)}"
        statuses = [
            found for page in self._pages(f"{path}/status", "statuses", _STATUSES) for found in page["statuses"]
        ]
        latest = {"filter": "latest"}
        try:
            for page in self._pages(f"{path}/check-runs", "check_runs", _CHECK_RUNS, latest):
                statuses += page["check_runs"]
        except (Forbidden, ObjectNotFound) as error:
            # Many tokens may read statuses but not checks: what can be read is better than nothing.
            logger.info("check_runs_unreadable", provider="github", reason=str(error))
        return statuses

    def set_status(self, sha: str, status: CommitStatus, *, coverage: float | None = None) -> None:
        """Set one commit status; GitHub has no field for `coverage`. Sending it twice changes nothing."""
        payload = {
            "state": status.state,
            "context": status.context,
            "description": shorten(status.description, _DESCRIPTION_LENGTH),
        }
        if status.url:
            payload["target_url"] = status.url
        self._call("POST", f"statuses/{_segment(sha)}", "set_status", payload=payload, idempotent=True)

    # Comments

    def post_comment(self, pull: int, body: str) -> str:
        answer = self._call("POST", f"issues/{pull}/comments", "post_comment", payload={"body": body})
        comment: Comment = _load(answer, _COMMENT, "post_comment")
        return comment.id

    def edit_comment(self, pull: int, comment_id: str, body: str) -> None:
        self._call("PATCH", f"issues/comments/{_segment(comment_id)}", "edit_comment", payload={"body": body})

    def delete_comment(self, pull: int, comment_id: str) -> None:
        self._call("DELETE", f"issues/comments/{_segment(comment_id)}", "delete_comment")

    def find_comment(self, pull: int, marker: str) -> Comment | None:
        found: Comment | None = None
        # Oldest first, and this list knows no other order: the last match is the newest.
        for page in self._pages(f"issues/{pull}/comments", "comments", _COMMENTS):
            found = next((comment for comment in reversed(page) if carries_marker(comment.body, marker)), found)
        return found

    # Files and branches

    def get_source(self, path: str, ref: str) -> bytes:
        return self._call("GET", f"contents/{_path(path)}", "source", {"ref": ref}, accept=_RAW).body

    def list_folder(self, path: str, ref: str) -> Sequence[TreeEntry]:
        """Return the entries of a folder, of which GitHub lists a thousand at most."""
        place = f"contents/{_path(path)}" if path else "contents"
        answer = self._call("GET", place, "folder", {"ref": ref}, accept=_OBJECT)
        entries: list[TreeEntry] | None = _load(answer, _FOLDER, "folder")["entries"]
        if entries is None:
            raise ObjectNotFound(f"github folder: {path!r} is no folder")
        return entries

    def list_files(self, ref: str) -> Sequence[str]:
        """Return all tracked files, without submodules; ClientError for a repository too large to list."""
        files: list[str] = []
        waiting = [("", ref)]
        for _ in range(_MAX_TREES):
            if not waiting:
                return files
            prefix, name = waiting.pop()
            entries, truncated = self._tree(name, recursive=True)
            if truncated:
                # A tree that is cut is read level by level; a cut level cannot be completed in any way.
                entries, truncated = self._tree(name, recursive=False)
                if truncated:
                    break
                waiting += [(f"{prefix}{path}/", sha) for kind, path, sha in entries if kind == "tree"]
            files += [prefix + path for kind, path, _ in entries if kind == "blob"]
        raise ClientError("github tree: the repository has too many files to list")

    def _tree(self, name: str, *, recursive: bool) -> tuple[list[tuple[str, str, str]], bool]:
        """Return (type, path, SHA) of the entries of a tree, and whether GitHub cut the list."""
        tree = self._get(f"git/trees/{_segment(name)}", "tree", _TREE, {"recursive": 1} if recursive else {})
        try:
            entries = [(entry["type"], entry["path"], entry["sha"]) for entry in tree["tree"]]
        except (KeyError, TypeError):
            entries = [("", "", None)]
        if not all(isinstance(text, str) for entry in entries for text in entry):
            raise ServerError("github tree: the answer is not the documented one")
        return entries, tree["truncated"]

    def get_branch_head(self, name: str) -> str:
        branch = self._get(f"branches/{_segment(name)}", "branch", _BRANCH)
        sha: str = branch["commit"]["sha"]
        return sha

    def behind_by(self, base_branch: str, sha: str) -> int | None:
        return self._standing(base_branch, sha)[1]

    # Requests

    def _get(
        self,
        path: str,
        endpoint: str,
        schema: Schema,
        params: Mapping[str, str | int] | None = None,
        *,
        missing: type[GitError] = ObjectNotFound,
    ) -> Any:
        return _load(self._call("GET", path, endpoint, params, missing=missing), schema, endpoint)

    def _pages(
        self,
        path: str,
        endpoint: str,
        schema: Schema,
        params: Mapping[str, str | int] | None = None,
        *,
        per_page: int = _PER_PAGE,
        missing: type[GitError] = ObjectNotFound,
    ) -> Iterator[Any]:
        """Yield the loaded pages, at least one."""
        for page in range(1, _MAX_PAGES + 1):
            numbered = {**(params or {}), "per_page": per_page, "page": page}
            answer = self._call("GET", path, endpoint, numbered, missing=missing)
            yield _load(answer, schema, endpoint)
            # Our own address is counted up; the linked one could lead the token to another host.
            if not any(link.get("rel") == "next" for link in parse_header_links(answer.headers.get("Link", ""))):
                return
        logger.warning("pages_cut", provider="github", endpoint=endpoint, pages=_MAX_PAGES)

    def _call(
        self,
        method: Method,
        path: str,
        endpoint: str,
        params: Mapping[str, str | int] | None = None,
        *,
        accept: str = _JSON,
        payload: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        missing: type[GitError] = ObjectNotFound,
    ) -> Answer:
        """Send one request and raise what its answer stands for; `missing` is the meaning of a 404."""

        def refuse_limited(answer: Answer) -> None:
            if end := rate_limit_end(answer, self._now()):
                raise RateLimited(f"github {endpoint}: {answer.status} {self._mask(message_of(answer))}", end)

        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": accept,
            "X-GitHub-Api-Version": "2022-11-28",
        }
        try:
            answer = self._http.request(
                method,
                f"{self._root}/{path}",
                endpoint=endpoint,
                headers=headers,
                params=params,
                payload=payload,
                idempotent=idempotent,
                inspect=refuse_limited,
            )
        except NetworkError as error:
            raise Unreachable(str(error)) from None
        except AnswerTooLarge as error:
            raise ClientError(str(error)) from None
        refusal = error_of(answer, method, endpoint)
        if refusal is None:
            return answer
        kind = missing if answer.status == 404 else type(refusal)
        raise kind(self._mask(str(refusal)))

    def _mask(self, text: str) -> str:
        return text.replace(self._token, "***")


def fork_point(tip: str, head: str, parents: Mapping[str, Sequence[str]]) -> str:
    """Return where the commits of a pull request left the target branch.

    `parents` holds the commits of the pull request only. Their parents outside of it are the candidates: the tip of
    the target branch if it is one, else the nearest to the head (the last merge of the target branch, if there is one).
    """
    candidates: list[str] = []
    level, seen = [head], {head}
    while level:
        outer = [parent for sha in level for parent in parents[sha]]
        fresh = [sha for sha in dict.fromkeys(outer) if sha not in seen]
        seen.update(fresh)
        candidates += [sha for sha in fresh if sha not in parents]
        level = [sha for sha in fresh if sha in parents]
    return tip if tip in candidates or not candidates else candidates[0]


def shorten(text: str, limit: int) -> str:
    """Cut a text to `limit` characters, at the end of a word where one is near, with an ellipsis."""
    if len(text) <= limit:
        return text
    words = text[:limit].rpartition(" ")[0].rstrip()
    return (words if len(words) >= limit // 2 else text[: limit - 1]) + "…"


def _segment(value: str) -> str:
    """Encode one piece of a path; dots alone cannot be encoded and would climb to another address."""
    if value in ("", ".", ".."):
        raise ObjectNotFound(f"github: {value!r} names nothing")
    return quote(value, safe="")


def _path(value: str) -> str:
    return "/".join(_segment(part) for part in value.split("/"))


def _load(answer: Answer, schema: Schema, endpoint: str) -> Any:
    """Read a JSON answer; ServerError for anything else, such as the page of a proxy or a maintenance window."""
    try:
        return schema.load(answer.json())
    except ValidationError as error:
        reason = f"unexpected fields {str(error.messages)[:200]}"
    except ValueError:
        reason = "no JSON"
    raise ServerError(f"github {endpoint}: the answer is not the documented one ({reason})")
