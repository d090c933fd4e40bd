"""layerscope: what an image's layers hold, what of it nobody can see, and why.

    image = layerscope.read("python:3.13-slim")
    print(layerscope.analyze(image).hidden_bytes)

The views are in ``layerscope.views`` and are imported only by who wants them.
"""

from layerscope.analysis import analyze, root_filesystem
from layerscope.compare import Comparison, compare, shared_layers
from layerscope.errors import (
    AmbiguousImageError,
    BadReferenceError,
    BrokenArchiveError,
    BrokenLayerError,
    DigestMismatchError,
    EngineUnavailableError,
    FileNotInLayerError,
    ImageChangedError,
    ImageNotFoundError,
    LayerscopeError,
    MissingBlobError,
    NotAnImageError,
    PlatformNotFoundError,
    SourceNotFoundError,
    TooLargeError,
    TruncatedLayerError,
    UnsupportedEntryError,
    UnsupportedMediaTypeError,
)
from layerscope.model import (
    Analysis,
    Cause,
    DiveScore,
    Entry,
    Hidden,
    HistoryRow,
    Image,
    Kind,
    Layer,
    State,
)
from layerscope.secrets import Suspect, suspects
from layerscope.sources import read, read_file

__all__ = [
    "AmbiguousImageError",
    "Analysis",
    "BadReferenceError",
    "BrokenArchiveError",
    "BrokenLayerError",
    "Cause",
    "Comparison",
    "DigestMismatchError",
    "DiveScore",
    "EngineUnavailableError",
    "Entry",
    "FileNotInLayerError",
    "Hidden",
    "HistoryRow",
    "Image",
    "ImageChangedError",
    "ImageNotFoundError",
    "Kind",
    "Layer",
    "LayerscopeError",
    "MissingBlobError",
    "NotAnImageError",
    "PlatformNotFoundError",
    "SourceNotFoundError",
    "State",
    "Suspect",
    "TooLargeError",
    "TruncatedLayerError",
    "UnsupportedEntryError",
    "UnsupportedMediaTypeError",
    "analyze",
    "compare",
    "read",
    "read_file",
    "root_filesystem",
    "shared_layers",
    "suspects",
]
