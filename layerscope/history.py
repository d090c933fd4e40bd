"""An image layer by layer, as ``docker history`` lists it: what made each, and what it costs."""

from __future__ import annotations

import re
from collections import Counter

from layerscope.model import Analysis, Image

_SHELL = "/bin/sh -c "
_NOP = re.compile(r"^/bin/sh -c #\(nop\)\s+")


def instruction(created_by: str) -> str:
    """A history row as the Dockerfile said it: without the builders' own additions."""
    text = _NOP.sub("", created_by.removesuffix("# buildkit").strip())
    if text.startswith(_SHELL):
        return "RUN " + text.removeprefix(_SHELL)
    return text.replace("RUN " + _SHELL, "RUN ", 1)


def layer_hidden(analysis: Analysis) -> list[int]:
    """Hidden bytes by the layer that stores them."""
    sums: Counter[int] = Counter()
    for row in analysis.hidden:
        sums[row.layer] += row.bytes
    return [sums[layer.index] for layer in analysis.image.layers]


def compressed_size(image: Image) -> int | None:
    """Bytes of all blobs as stored, None where the source does not keep them all."""
    total = 0
    for layer in image.layers:
        if layer.compressed_size is None:
            return None
        total += layer.compressed_size
    return total
