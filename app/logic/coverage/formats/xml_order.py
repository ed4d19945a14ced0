"""Named elements of several kinds in the order of the document."""

from collections.abc import Iterator, Sequence

from app.logic.coverage.formats.xml_shape import Block


def in_document_order(block: Block, kinds: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield depth, kind and attribute `name` ("" where absent) of the elements of these kinds in a block."""
    found = []
    for kind in kinds:
        if kind in block:
            elements = block[kind]
            names = elements.values("name")
            found += [
                (order, depth, kind, name or "")
                for order, depth, name in zip(elements.order.tolist(), elements.depth.tolist(), names, strict=True)
            ]
    for _, depth, kind, name in sorted(found):
        yield depth, kind, name
