"""The glossary, and how the course uses its words.

A term with `first` is written that way where a lesson first uses it, in its opening (할 일, 배울
것) or in its story, and only once; one with `plain` says why it needs no English.  `match` finds a
term whose spelling means other things too.  What stands in `not` is never written for it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools.notebook import read

ROOT = Path(__file__).parents[2]
TERMS = json.loads((ROOT / "site/glossary.json").read_text())
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
READ = [*LESSONS, *ROOT.glob("solutions/*.ipynb"), *ROOT.glob("coach/quizzes/*.json")]
READ += [*ROOT.glob("site/*.md"), ROOT / "site/claims.json", ROOT / "README.md"]
READ += [ROOT / "lab/start.md", ROOT / "CHANGELOG.md"]

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def name(term: dict[str, Any]) -> str:
    return str(term.get("first", term["ko"]).partition("(")[0])


def spelling(term: dict[str, Any]) -> str:
    return str(term.get("match", re.escape(name(term))))


# A longer term hides the shorter one inside it: 배포 명세 is not a use of 명세.
LONGEST_FIRST = sorted(TERMS, key=lambda term: len(name(term)), reverse=True)
USE = re.compile(f"(?<![가-힣])(?:{'|'.join(f'({spelling(one)})' for one in LONGEST_FIRST)})")


def markdown(path: Path) -> list[str]:
    return [one.source for one in read(path).cells if one.cell_type == "markdown"]


def prose(text: str) -> str:
    """What is read as sentences: no code, pictures, headings, link targets or bold marks."""
    text = re.sub(r"^```.*?^```|<svg.*?</svg>|^#.*?$", "", text, flags=re.M | re.S)
    text = re.sub(r"`[^`\n]+`", "`", text)
    return re.sub(r"\]\([^)]*\)", "]", text).replace("*", "")


def first_uses(text: str) -> dict[str, str]:
    """Each term that the text uses, and the text from there on."""
    found: dict[str, str] = {}
    for use in USE.finditer(text):
        assert use.lastindex
        found.setdefault(LONGEST_FIRST[use.lastindex - 1]["ko"], text[use.start() :])
    return found


def badly_introduced(opening: str, story: str) -> list[str]:
    openings, stories = first_uses(opening), first_uses(story)
    wrong = []
    for term in (one for one in TERMS if "first" in one):
        uses = [uses[term["ko"]] for uses in (openings, stories) if term["ko"] in uses]
        written = sum(text.count(term["first"]) for text in (opening, story))
        if uses and not (written == 1 and any(use.startswith(term["first"]) for use in uses)):
            wrong.append(f"{term['first']}: {uses[0][:30]!r}")
    return wrong


@each_lesson
def test_first_use_of_a_term_in_a_lesson_carries_both_names(path: Path) -> None:
    opening, *rest = markdown(path)
    story = "\n\n".join(rest).partition("## 더 읽을거리")[0]
    assert badly_introduced(prose(opening), prose(story)) == []


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("**카피업**(copy-up)이다. 카피업은", True),
        ("# 카피업\n`카피업` [카피업(copy-up)](x.md)은", True),
        ("카피업은 카피업(copy-up)이다", False),
        ("카피업(copy up)이다", False),
        ("카피업(copy-up)은 카피업(copy-up)이다", False),
    ],
)
def test_check_sees_sentences_as_readers_do(text: str, right: bool) -> None:
    assert (badly_introduced("", prose(text)) == []) == right


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term["en"])
def test_term_is_explained_in_one_sentence_and_used_in_its_lesson(term: dict[str, Any]) -> None:
    assert set(term) <= {"ko", "en", "lesson", "meaning", "first", "plain", "match", "not"}
    assert ("first" in term) != ("plain" in term)
    assert re.search(r"다(\([^()]+\))?\.$", term["meaning"])
    assert ". " not in term["meaning"]
    text = "\n".join(markdown(ROOT / f"notebooks/{term['lesson']}.ipynb"))
    assert re.search(spelling(term), text)


@pytest.mark.parametrize("path", READ, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_other_word_is_used_for_a_term(path: Path) -> None:
    text = path.read_text()
    assert [word for term in TERMS for word in term.get("not", []) if word in text] == []


def test_terms_are_in_order_and_named_once() -> None:
    words = [term["ko"] for term in TERMS]
    assert words == sorted(words, key=lambda word: (not "가" <= word[0] <= "힣", word.lower()))
    for key in ("ko", "en"):
        assert len({term[key] for term in TERMS}) == len(TERMS)
