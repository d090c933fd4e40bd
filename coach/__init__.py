"""The learner's helper.  Lessons begin with :func:`ready`."""

from __future__ import annotations

from coach.doctor import as_text, examine

__all__ = ["NotReadyError", "ready"]


class NotReadyError(Exception):
    """Something that a lesson needs is missing; the message names cause and next command."""


def ready() -> None:
    """Print what the lab stands on; raise NotReadyError if a lesson could not run here."""
    findings = examine()
    failed = [finding for finding in findings if not finding.ok]
    if failed:
        raise NotReadyError("수업을 시작할 수 없다.\n" + as_text(failed))
    print(as_text(findings))
