"""Render the comment that takes the place of the coverage comment while uploads cannot be processed."""

from app.logic.notifications.comment import marker
from app.logic.notifications.markdown import escape


def render_upload_errors(brand: str, failed: int, total: int, commit_url: str) -> str:
    """Return the body: how many uploads of the commit failed, and where it says why. It begins with our marker."""
    uploads = "upload" if total == 1 else "uploads"
    return "\n".join(
        [
            marker(brand),
            f"## [{escape(brand)}]({commit_url}) report",
            f":exclamation: {failed} of {total} {uploads} could not be processed, so there is no coverage to show.",
            f"[The page of the commit]({commit_url}) says what is wrong with each.",
        ]
    )
