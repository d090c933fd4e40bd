"""What can go wrong, one class per kind of trouble that a caller can act on.

Every message is Korean and has three parts: what happened, why, and what to do next.
"""

from __future__ import annotations


class LayerscopeError(Exception):
    """The base of everything that layerscope raises on purpose."""

    def __init__(self, what: str, why: str, then: str) -> None:
        super().__init__(what, why, then)
        self.what = what
        self.why = why
        self.then = then

    def __str__(self) -> str:
        return f"{self.what}\n이유: {self.why}\n다음: {self.then}"


class BadReferenceError(LayerscopeError):
    """The text that should name an image cannot be read as one."""


class SourceNotFoundError(LayerscopeError):
    """The archive or directory that the reference names is not there or cannot be opened."""


class EngineUnavailableError(LayerscopeError):
    """No Docker Engine answers, or it does not let us in."""


class ImageNotFoundError(LayerscopeError):
    """The engine answers but has no such image."""


class ImageChangedError(LayerscopeError):
    """The image was removed or replaced while it was read."""


class AmbiguousImageError(LayerscopeError):
    """An archive holds several images and the reference does not say which one."""


class PlatformNotFoundError(LayerscopeError):
    """The image exists, but not for the platform that was asked for."""


class NotAnImageError(LayerscopeError):
    """An OCI artifact, an attestation or something else without root file system layers."""


class UnsupportedMediaTypeError(LayerscopeError):
    """A blob of a type that this version does not know, such as an encrypted layer."""


class BrokenArchiveError(LayerscopeError):
    """The archive's own structure (index, manifest, config) cannot be read."""


class MissingBlobError(LayerscopeError):
    """A manifest names a blob that is not in the archive or store."""


class DigestMismatchError(LayerscopeError):
    """A blob's bytes are not the ones that its digest promises."""


class BrokenLayerError(LayerscopeError):
    """A layer is not a tar archive that the engine would accept."""


class TruncatedLayerError(BrokenLayerError):
    """A layer ends before its last entry does."""


class UnsupportedEntryError(BrokenLayerError):
    """A tar entry of a type that images do not use, such as a sparse file."""


class TooLargeError(LayerscopeError):
    """The input goes beyond a limit that keeps memory and time bounded."""


class FileNotInLayerError(LayerscopeError):
    """The layer holds no regular file of that path."""
