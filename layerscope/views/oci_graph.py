"""OciGraph: the documents that make an image, and how each names the next by digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from layerscope.descriptors import OciNode, Role, from_layout
from layerscope.sizes import human
from layerscope.views.base import Table, View


class OciGraph(View):
    """The tree of descriptors; choosing a node shows its JSON, a digest in it leads on."""

    def __init__(self, nodes: Sequence[OciNode]) -> None:
        flat = [(node, depth) for root in nodes for node, depth in _walk(root)]
        super().__init__(
            {"nodes": [asdict(node) for node in nodes]},
            summary=f"OCI 그래프: 노드 {len(flat)}개, "
            f"매니페스트 {sum(node.role is Role.MANIFEST for node, _ in flat)}개, "
            f"{human(sum({node.digest: node.size for node, _ in flat}.values()))}",
            table=Table(
                "OCI 그래프",
                ["역할", "다이제스트", "미디어 타입", "크기(바이트)"],
                [
                    [
                        f"{'· ' * depth}{node.role} {node.title}".rstrip(),
                        node.digest,
                        node.media_type,
                        node.size,
                    ]
                    for node, depth in flat
                ],
            ),
        )

    @classmethod
    def from_layout(cls, path: str | Path) -> OciGraph:
        """The graph of an OCI layout (directory or tar) or of a ``docker save`` archive."""
        return cls(from_layout(path))


def _walk(node: OciNode, depth: int = 0) -> Iterator[tuple[OciNode, int]]:
    yield node, depth
    for child in node.children:
        yield from _walk(child, depth + 1)
