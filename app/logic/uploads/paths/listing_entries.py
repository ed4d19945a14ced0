"""Entries of a repository's file list as uploaders send them."""

from typing import Final

from app.logic.uploads.paths.normalise import normalise


def clean_entry(entry: str) -> str | None:
    """Return a listing entry as a plain path: git's quoting undone, in the one spelling of paths; None = no file."""
    text = entry.rstrip("\r\n")
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = _unquote(text[1:-1])
    text = text.replace("\\ ", " ").replace("\\", "/")
    if not text or "\x00" in text or "/target/delombok/" in text or (".." in text and ".." in text.split("/")):
        return None
    return normalise(text) or None


_ESCAPES: Final = {"t": b"\t", "n": b"\n", "r": b"", '"': b'"', "\\": b"\\"}


def _unquote(text: str) -> str:
    out = bytearray()
    i = 0
    while i < len(text):
        char = text[i]
        if char != "\\" or i + 1 == len(text):
            out += char.encode("utf-8", "surrogatepass")
            i += 1
            continue
        octal = text[i + 1 : i + 4]
        if len(octal) == 3 and octal[0] in "0123" and all(c in "01234567" for c in octal):
            out.append(int(octal, 8))
            i += 4
        else:
            out += _ESCAPES.get(text[i + 1], text[i + 1].encode("utf-8", "surrogatepass"))
            i += 2
    return out.decode("utf-8", "replace")
