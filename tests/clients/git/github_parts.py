"""Answers of GitHub for tests, shaped as its REST API reference shows them."""

import json
from collections.abc import Callable
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

ROOT = "/repositories/42"
MARKER = "<!-- coverage:coverage -->"
PATCH = "@@ -1,2 +1,3 @@\n one\n-two\n+TWO\n+three"
RAW = f"diff --git a/app/a.py b/app/a.py\n--- a/app/a.py\n+++ b/app/a.py\n{PATCH}\n"


def sha(number: int) -> str:
    return f"{number:040x}"


def commit(number: int, *parents: int) -> dict[str, Any]:
    return {
        "sha": sha(number),
        "node_id": "ignored",
        "commit": {
            "message": f"Commit {number}",
            "author": {"name": "Ada", "email": "ada@example.com", "date": "2026-02-01T00:00:00Z"},
            "committer": {"name": "Web", "email": "web@example.com", "date": "2026-02-02T10:00:00+02:00"},
        },
        "author": {"id": 7, "login": "ada", "type": "User"},
        "parents": [{"sha": sha(parent), "url": "ignored"} for parent in parents],
    }


def changed(path: str, **fields: Any) -> dict[str, Any]:
    return {"filename": path, "status": "modified", "additions": 2, "deletions": 1, "patch": PATCH, **fields}


def compared(*files: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"base_commit": commit(1), "merge_base_commit": commit(1), "commits": [], "files": list(files), **fields}


def pull_payload(number: int = 5, **fields: Any) -> dict[str, Any]:
    repo = {"id": 42, "full_name": "acme/rocket"}
    return {
        "number": number,
        "title": "Add boosters",
        "state": "open",
        "user": {"id": 7, "login": "ada"},
        "labels": [{"id": 1, "name": "fuel"}],
        "merge_commit_sha": sha(99),
        "base": {"ref": "main", "sha": sha(1), "repo": repo},
        "head": {"ref": "feature", "sha": sha(3), "repo": repo},
        **fields,
    }


def paged(pages: list[Any], path: str) -> Callable[[Request], Response]:
    """Answer the page asked for, with a Link to the next one as GitHub writes it."""

    def answer(request: Request) -> Response:
        page = int(request.args["page"])
        link = f'<https://api.example.com{path}?page={page + 1}>; rel="next", <https://api.example.com>; rel="last"'
        headers = {"Link": link} if page < len(pages) else {}
        return Response(json.dumps(pages[page - 1]), content_type="application/json", headers=headers)

    return answer


def asked(httpserver: HTTPServer) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request, _ in httpserver.log]
