"""Bytes for people: one rule for the command and the views."""

from __future__ import annotations

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def human(size: float) -> str:
    """Bytes in decimal units with docker's three digits: ``124 MB``, ``1.50 GB``.

    ``docker image ls`` and ``docker history`` print go-units' ``HumanSizeWithPrecision(size, 3)``,
    which is Go's ``%.3g``.  Ours differs in form, not in digits: a space before the unit, zeros
    that stay, so that columns line up (docker: ``1.5GB``), and 999.5 kB goes on as ``1.00 MB``
    (docker: ``1e+03kB``).  ``bytes()`` in views/base.js is the same rule.
    """
    unit = 0
    while abs(size) >= 999.5 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    if unit == 0:
        return f"{size:.0f} B"
    return f"{size:#.3g}".rstrip(".") + f" {_UNITS[unit]}"
