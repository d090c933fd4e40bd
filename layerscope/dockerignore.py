"""What a .dockerignore lets through, by the rules that Docker itself applies.

Three things together decide, and all three are here:

* how the file is read: comments, a byte order mark, slashes at both ends, ``!``;
* how one pattern matches one path: Go's ``filepath.Match`` plus ``**``, which Docker turns into a
  regular expression of Go's kind (RE2), so that is what is read here too;
* how the context is walked: a directory's match counts for all below it, and an excluded
  directory is not opened unless a ``!`` pattern could match inside.  The two builders differ in
  that last point: :class:`Builder`.

The same rules in JavaScript are in views/dockerignore.js; tests hold the two and the engine
equal.
"""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from layerscope.errors import LayerscopeError


class PatternError(LayerscopeError):
    """A pattern that the engine refuses too: the build stops there."""

    def __init__(self, line: int, source: str, reason: str) -> None:
        super().__init__(
            f"{line}번째 줄의 패턴 {source!r} 을(를) 쓸 수 없다.",
            f"{reason}. 엔진도 이 패턴에서 빌드를 멈춘다.",
            "패턴을 고치거나 줄을 지운다.",
        )
        self.line = line
        self.source = source
        self.reason = reason


class ContextError(LayerscopeError):
    """The build context cannot be read."""


class Builder(StrEnum):
    """Who walks the context."""

    BUILDKIT = "buildkit"  # looks into an excluded directory if any ``!`` pattern has a wildcard
    CLASSIC = "classic"  # only if a ``!`` pattern starts with the directory's own path


class Kind(StrEnum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    OTHER = "other"  # socket, fifo, device


@dataclass(frozen=True, slots=True)
class ContextEntry:
    path: str  # relative, "/" between the parts, surrogateescape for bytes that are no UTF-8
    kind: Kind
    size: int  # bytes of a regular file, else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    entry: ContextEntry
    arrives: bool
    #: The pattern that decided: the last one to change the outcome; None if none matched.
    pattern: Pattern | None


# --- one pattern -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pattern:
    line: int  # in the ignore file, from 1
    source: str  # the line as written, trimmed
    text: str  # cleaned, without "!" and without a leading "/"
    negated: bool
    _form: _Form = field(repr=False, compare=False)
    _expression: re.Pattern[str] | None = field(repr=False, compare=False)
    _error: str = field(default="", repr=False, compare=False)

    def matches(self, path: str) -> bool:
        """Whether this path itself matches; parents are the walker's matter."""
        match self._form:
            case _Form.EXACT:
                return path == self.text
            case _Form.PREFIX:
                return path.startswith(self.text[:-2])
            case _Form.SUFFIX:
                tail = self.text[2:]
                return path.endswith(tail) or (tail[:1] == "/" and path == tail[1:])
            case _Form.EXPRESSION:
                if self._expression is None:
                    raise PatternError(self.line, self.source, self._error)
                return self._expression.search(path) is not None

    @property
    def start(self) -> str:
        """The text without a final ``/**`` or ``/*``."""
        return self.text.removesuffix("/**").removesuffix("/*")


class _Form(StrEnum):
    EXACT = "exact"
    PREFIX = "prefix"
    SUFFIX = "suffix"
    EXPRESSION = "expression"


class _ExpressionError(ValueError):
    """The engine's regular expression library would refuse it."""


_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_BOM = "\ufeff"


def parse(text: str) -> list[Pattern]:
    """The patterns of an ignore file, in order."""
    patterns = []
    for number, raw in enumerate(text.removeprefix(_BOM).split("\n"), 1):
        if raw.startswith("#"):
            continue
        source = raw.strip(_SPACE)
        if not source:
            continue
        cleaned = _normalise(source)
        if not cleaned:
            continue
        negated = cleaned[0] == "!"
        body = cleaned[1:] if negated else cleaned
        if not body:
            raise PatternError(number, source, "'!' 뒤에 패턴이 없다")
        problem = _syntax(body)
        if problem:
            raise PatternError(number, source, problem)
        form, go_expression = _compile(body)
        expression, error = None, ""
        if form is _Form.EXPRESSION:
            try:
                expression = re.compile(_to_python(go_expression), re.ASCII)
            except _ExpressionError as bad:
                error = str(bad)
        patterns.append(Pattern(number, source, body, negated, form, expression, error))
    return patterns


def _normalise(source: str) -> str:
    """A line as the matcher sees it.  The engine trims and cleans twice, so "/!a" ends as "!a"."""
    bang = "!" if source[0] == "!" else ""
    body = source.removeprefix(bang).strip(_SPACE)
    if body:
        body = _clean(body)
        if len(body) > 1:
            body = body.removeprefix("/")
    text = (bang + body).strip(_SPACE)
    return _clean(text) if text else ""


def _clean(path: str) -> str:
    """Go's filepath.Clean."""
    shortest = posixpath.normpath(path)
    return "/" + shortest.lstrip("/") if shortest.startswith("//") else shortest


def _syntax(pattern: str) -> str:
    """What Go's filepath.Match finds wrong with a pattern, or ""."""
    at = 0

    def member() -> bool:
        """Steps over one character of a [...] class; False if there is none."""
        nonlocal at
        if at >= len(pattern) or pattern[at] in "-]":
            return False
        at += 2 if pattern[at] == "\\" else 1
        return at < len(pattern)

    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            if at > len(pattern):
                return "'\\' 뒤에 글자가 없다"
            continue
        at += 1
        if pattern[at - 1] != "[":
            continue
        if pattern[at : at + 1] == "^":
            at += 1
        members = 0
        while not (members and pattern[at] == "]"):
            if not member():
                return "'[' 를 닫지 않았거나 그 안이 비었다"
            if pattern[at] == "-":
                at += 1
                if not member():
                    return "'[' 안의 범위가 끝나지 않았다"
            members += 1
        at += 1
    return ""


_WILDCARDS = {"*": "[^/]*", "?": "[^/]"}


def _compile(pattern: str) -> tuple[_Form, str]:
    """How the engine compares, and the expression that it builds for that (RE2 syntax)."""
    form = _Form.EXACT
    out = ["^"]
    # The engine reads the pattern with a scanner that drops a byte order mark.
    rest = pattern.removeprefix(_BOM)
    at = 0
    first = True
    while at < len(rest):
        char = rest[at]
        at += 1
        if char == "*" and rest[at : at + 1] == "*":
            at += 1
            if rest[at : at + 1] == "/":
                at += 1
            if at < len(rest):
                out.append("(.*/)?")
                form = _Form.EXPRESSION
            elif form is _Form.EXACT:
                form = _Form.PREFIX
            else:
                out.append(".*")
                form = _Form.EXPRESSION
            if first:
                form = _Form.SUFFIX
        elif char in _WILDCARDS:
            out.append(_WILDCARDS[char])
            form = _Form.EXPRESSION
        elif char in ".+()|{}$":
            out.append("\\" + char)
        elif char == "\\":
            out.append("\\" + rest[at])
            at += 1
            form = _Form.EXPRESSION
        else:
            out.append(char)
            if char in "[]":
                form = _Form.EXPRESSION
        first = False
    return form, "".join(out) + "$"


# --- from Go's regular expressions to Python's ---------------------------------------------------

_PERL = {
    "d": "0-9",
    "s": r"\t\n\f\r ",
    "w": "0-9A-Za-z_",
}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_HEX = "0123456789abcdefABCDEF"
_OCTAL = "01234567"


def _to_python(go: str) -> str:
    """One of _compile's expressions, read as Go reads it and said as Python says it.

    Mostly the same text.  Not the same: what a backslash before a letter means, classes such as
    ``[[:alpha:]]``, and brackets that a ``*`` or ``?`` inside them has torn apart.
    """
    return "".join(_atoms(go))


def _atoms(go: str) -> Iterator[str]:
    at = 0
    while at < len(go):
        char = go[at]
        if char == "[":
            text, at = _class(go, at)
            yield text
        elif char == "\\":
            text, at = _escape(go, at)
            yield text
        else:
            at += 1
            # A user's own ".", "(" and so on are escaped: these come from "*", "**" and the ends.
            yield {".": "[^\\n]", "(": "(?:", "$": "\\Z"}.get(
                char, char if char in "*?)^" else re.escape(char)
            )


def _escape(go: str, at: int) -> tuple[str, int]:
    letter = go[at + 1]
    if letter in "Ab":
        return "\\" + letter, at + 2
    if letter == "B":
        return "(?!\\b)", at + 2  # Python's own \B is false in an empty string before 3.14
    if letter == "z":
        return "\\Z", at + 2
    if letter == "Q":
        end = go.find("\\E", at + 2)
        quoted = go[at + 2 :] if end < 0 else go[at + 2 : end]
        return re.escape(quoted), len(go) if end < 0 else end + 2
    if letter.lower() in _PERL:
        return f"[{'^' if letter.isupper() else ''}{_PERL[letter.lower()]}]", at + 2
    char, at = _character(go, at)
    return re.escape(char), at


def _character(go: str, at: int) -> tuple[str, int]:
    """One character, escaped or not, and where the next begins."""
    if at >= len(go):
        raise _ExpressionError("'[' 를 닫지 않았다")
    if go[at] != "\\":
        return go[at], at + 1
    at += 1
    if at >= len(go):
        raise _ExpressionError("'\\' 뒤에 글자가 없다")
    char = go[at]
    at += 1
    if char in _OCTAL and (char == "0" or go[at : at + 1] in tuple(_OCTAL)):
        end = at
        while end < at + 2 and go[end : end + 1] in tuple(_OCTAL):
            end += 1
        return chr(int(go[at - 1 : end], 8)), end
    if char == "x":
        digits = go[at : at + 2]
        if len(digits) == 2 and all(digit in _HEX for digit in digits):
            return chr(int(digits, 16)), at + 2
    elif char in _CONTROL:
        return _CONTROL[char], at
    elif char.isascii() and not char.isalnum():
        return char, at
    # Go also knows \pL for "any letter": a table of Unicode, of no use in an ignore file.
    raise _ExpressionError(f"'\\{char}' 는 쓸 수 없는 표기다")


def _class(go: str, at: int) -> tuple[str, int]:
    at += 1
    out = "["
    if go[at : at + 1] == "^":
        out += "^"
        at += 1
    first = True
    while first or go[at : at + 1] != "]":
        first = False
        if go.startswith("[:", at):
            end = go.find(":]", at + 2)
            if end >= 0:
                name = go[at + 2 : end]
                negated = name.startswith("^")
                if name.removeprefix("^") not in _POSIX:
                    raise _ExpressionError(f"[:{name}:] 라는 문자 집합은 없다")
                members = _POSIX[name.removeprefix("^")]
                out += _complement(members) if negated else members
                at = end + 2
                continue
        if go[at : at + 1] == "\\" and go[at + 1 : at + 2].lower() in tuple(_PERL):
            members = _PERL[go[at + 1].lower()]
            out += _complement(members) if go[at + 1].isupper() else members
            at += 2
            continue
        low, at = _character(go, at)
        high = low
        if go[at : at + 1] == "-" and go[at + 1 : at + 2] not in ("]", ""):
            high, at = _character(go, at + 1)
            if high < low:
                raise _ExpressionError(f"범위 {low}-{high} 의 앞뒤가 바뀌었다")
        out += f"{_member(low)}-{_member(high)}"
    return out + "]", at + 1


def _member(char: str) -> str:
    return f"\\U{ord(char):08x}"


def _complement(members: str) -> str:
    """All ASCII and other characters that are not in a class, as ranges."""
    inside = re.compile(f"[{members}]", re.ASCII)
    others = "".join(_member(char) for char in map(chr, range(0x80)) if not inside.fullmatch(char))
    return others + "\\x80-\\U0010ffff"


# --- the walk ----------------------------------------------------------------------------------


def scan(context: str | os.PathLike[str]) -> list[ContextEntry]:
    """Everything in a build context, parents first, in the order in which Docker walks it."""
    root = os.fspath(context)

    def below(folder: str, prefix: str) -> Iterator[ContextEntry]:
        with os.scandir(folder) as listing:
            children = sorted(listing, key=lambda child: os.fsencode(child.name))
        for child in children:
            path = prefix + child.name
            info = child.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                yield ContextEntry(path, Kind.DIRECTORY, 0)
                yield from below(child.path, path + "/")
            elif stat.S_ISREG(info.st_mode):
                yield ContextEntry(path, Kind.FILE, info.st_size)
            elif stat.S_ISLNK(info.st_mode):
                yield ContextEntry(path, Kind.SYMLINK, 0)
            else:
                yield ContextEntry(path, Kind.OTHER, 0)

    try:
        return list(below(root, ""))
    except OSError as error:
        raise ContextError(
            f"빌드 컨텍스트 {root} 을(를) 읽지 못했다.",
            f"{error.filename}: {error.strerror}",
            "경로가 맞는지, 읽을 권한이 있는지 확인한다.",
        ) from error


def find_ignore_file(
    context: str | os.PathLike[str], dockerfile: str | os.PathLike[str] | None = None
) -> Path | None:
    """The ignore file that a BuildKit build uses: ``<Dockerfile>.dockerignore`` comes first.

    The classic builder knows only ``.dockerignore``.
    """
    folder = Path(context)
    own = Path(dockerfile) if dockerfile is not None else folder / "Dockerfile"
    for candidate in (own.with_name(own.name + ".dockerignore"), folder / ".dockerignore"):
        if candidate.is_file():
            return candidate
    return None


def apply(
    entries: Iterable[ContextEntry], patterns: list[Pattern], builder: Builder = Builder.BUILDKIT
) -> list[Verdict]:
    """Who arrives.  ``entries`` come parents first, as from scan().

    A directory arrives if it is not excluded or if something in it arrives.
    """
    known: dict[str, _Look] = {}
    top = _Look(False, None, None, True)
    verdicts = []
    for entry in entries:
        parent = known.get(posixpath.dirname(entry.path), top)
        look = _look(patterns, entry.path, parent, builder)
        if entry.kind is Kind.DIRECTORY:
            known[entry.path] = look
        verdicts.append(Verdict(entry, not look.excluded, look.pattern))

    needed: set[str] = set()
    for index in range(len(verdicts) - 1, -1, -1):
        verdict = verdicts[index]
        path = verdict.entry.path
        if not verdict.arrives and path in needed:
            verdicts[index] = verdict = Verdict(verdict.entry, True, verdict.pattern)
        if verdict.arrives:
            needed.add(posixpath.dirname(path))
    return verdicts


def explain(
    path: str, patterns: list[Pattern], builder: Builder = Builder.BUILDKIT
) -> tuple[bool, Pattern | None]:
    """Whether one file arrives, and the pattern that decided."""
    look = _Look(False, None, None, True)
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        look = _look(patterns, "/".join(parts[:depth]), look, builder)
    return not look.excluded, look.pattern


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of a directory when its children are looked at."""

    excluded: bool
    pattern: Pattern | None
    matched: tuple[bool, ...] | None  # per pattern; None above the top
    open: bool  # whether the builder looks inside


def _look(patterns: list[Pattern], path: str, parent: _Look, builder: Builder) -> _Look:
    if not parent.open:
        return parent
    excluded = False
    decider: Pattern | None = None
    matched = []
    for index, pattern in enumerate(patterns):
        hit = parent.matched is not None and parent.matched[index]
        # A pattern that could change nothing is not even tried, nor remembered for the children.
        if not hit and pattern.negated == excluded:
            hit = pattern.matches(path)
        matched.append(hit)
        if hit and pattern.negated == excluded:
            excluded = not excluded
            decider = pattern
    return _Look(
        excluded, decider, tuple(matched), not excluded or _may_reopen(patterns, path, builder)
    )


def _may_reopen(patterns: list[Pattern], path: str, builder: Builder) -> bool:
    """Whether the builder looks into an excluded directory for what a ``!`` brings back."""
    starts = [
        pattern.start if builder is Builder.BUILDKIT else pattern.text
        for pattern in patterns
        if pattern.negated
    ]
    if builder is Builder.BUILDKIT and any(set(start) & set("*[]?^\\") for start in starts):
        return True
    return any(f"{start}/".startswith(f"{path}/") for start in starts)
