"""Read the text of a configuration file: YAML 1.1 of scalars, lists and mappings, bounded in every direction.

Implicit types are those of PyYAML's safe loader (`yes` is a boolean, `1.10` a float), except that dates stay text. The
events come from libyaml; nodes are composed here, so that depth and aliases are counted before anything is built.
"""

from typing import Any, Final

from yaml import AliasEvent, CSafeLoader, MappingNode, MarkedYAMLError, Node, ScalarNode, YAMLError
from yaml.composer import Composer, ComposerError
from yaml.constructor import ConstructorError

from app.logic.repository_yaml.problems import InvalidYaml, Syntax

MAX_BYTES: Final = 512 << 10
MAX_NODES: Final = 100_000  # with every alias expanded
MAX_DEPTH: Final = 64  # with every alias expanded
_TOO_MANY: Final = f"more than {MAX_NODES} values"
_MAX_NUMBER: Final = 100  # characters; the time to read a number grows faster than its length
_TAG: Final = "tag:yaml.org,2002:"
_NUMBERS: Final = frozenset({f"{_TAG}int", f"{_TAG}float"})
_TIMESTAMP: Final = f"{_TAG}timestamp"
_KNOWN_TAGS: Final = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "merge", "seq", "map"))


def load_yaml(content: bytes) -> Any:
    """Return what the only document of a file says, None for an empty one.

    Raises InvalidYaml with line, column and text of the first problem.
    """
    if len(content) > MAX_BYTES:
        raise _invalid(f"the file is larger than {MAX_BYTES >> 10} KiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid("the file is not UTF-8 text", content.count(b"\n", 0, error.start) + 1) from None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else loader.construct_document(node)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _invalid(", ".join(filter(None, (error.context, error.problem))), line, column) from None
    except YAMLError as error:
        raise _invalid(str(error).partition("\n")[0]) from None


def _invalid(problem: str, line: int = 1, column: int = 1) -> InvalidYaml:
    message = f"line {line}, column {column}: {problem}"
    return InvalidYaml([{"path": [], "message": message}], Syntax(line=line, column=column, problem=problem))


# The composer comes first, because the loader's own one is compiled and cannot be told to count.
class _Loader(Composer, CSafeLoader):
    """PyYAML's safe loader with a composer that counts, wants unique keys and knows the plain tags only."""

    def __init__(self, text: str) -> None:
        CSafeLoader.__init__(self, text)
        Composer.__init__(self)
        self._level = 0
        self._begun = 0  # nodes
        self._extents: dict[Node, tuple[int, int]] = {}  # of finished nodes: values and levels, aliases expanded

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        is_alias, event = self.check_event(AliasEvent), self.peek_event()
        mark: Any = event and event.start_mark
        self._level += 1
        if self._level > MAX_DEPTH:
            raise ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)
        # Counted here as well, so that a file of nothing but keys is not read to its end.
        self._begun += 1
        if self._begun > MAX_NODES:
            raise ComposerError(None, None, _TOO_MANY, mark)
        node = super().compose_node(parent, index)
        assert node is not None, "an event of this place begins a node or names one"
        self._level -= 1
        if not is_alias:
            self._extents[node] = self._extent(node)
        elif node not in self._extents:
            raise ComposerError(None, None, "an alias stands inside of what it names", mark)
        return node

    def compose_scalar_node(self, anchor: Any) -> ScalarNode:
        node = super().compose_scalar_node(anchor)
        if node.tag == _TIMESTAMP:
            node.tag = f"{_TAG}str"
        if "\0" in node.value:
            raise ComposerError(None, None, "NUL characters cannot be stored", node.start_mark)
        if node.tag in _NUMBERS and len(node.value) > _MAX_NUMBER:
            raise ComposerError(None, None, f"a number of more than {_MAX_NUMBER} characters", node.start_mark)
        return node

    def compose_mapping_node(self, anchor: Any) -> MappingNode:
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise ComposerError(None, None, "a key must be a single value", key.start_mark)
            # A merge may be written several times: it adds keys without being one.
            if (key.tag, key.value) in seen and key.tag != f"{_TAG}merge":
                raise ComposerError(None, None, f"the key {key.value[:100]!r} stands here twice", key.start_mark)
            seen.add((key.tag, key.value))
        return node

    def _extent(self, node: Node) -> tuple[int, int]:
        if node.tag not in _KNOWN_TAGS:
            raise ComposerError(None, None, f"the tag {_short(node.tag)} is not supported", node.start_mark)
        if isinstance(node, ScalarNode):
            return 1, 1
        children = [child for pair in node.value for child in pair] if isinstance(node, MappingNode) else node.value
        extents = [self._extents[child] for child in children]
        values = 1 + sum(values for values, _ in extents)
        levels = 1 + max((levels for _, levels in extents), default=0)
        if values > MAX_NODES:
            raise ComposerError(None, None, _TOO_MANY, node.start_mark)
        if levels > MAX_DEPTH:
            raise ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", node.start_mark)
        return values, levels

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, IndexError, OverflowError):
            # Texts such as `0x_` have the form of a number, and an explicit tag promises anything.
            raise ConstructorError(None, None, f"not a value of type {_short(node.tag)}", node.start_mark) from None


def _short(tag: str) -> str:
    """Return a tag as it is written: `!!binary`."""
    return tag.replace(_TAG, "!!")[:100]
