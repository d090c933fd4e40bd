"""Makes the slides of each lesson from the cells that the lesson marks for them.

    python -m tools.slides EXECUTED DOCS

EXECUTED: a folder of lessons as the lab ran them, outputs and widget state inside.
DOCS: the folder that tools.pages filled; the slides go to DOCS/slides, before mkdocs runs.

A cell's metadata says what it does on the slides:

    "slideshow": {"slide_type": "slide", "text": ["## 지우면 줄어들까\\n", …], "notes": ["…"]}

slide_type      slide begins a slide, subslide one that a hurried speaker may pass over,
                fragment appears at a step, "-" goes on; a cell without it is not on the slides
text            Markdown in place of a Markdown cell's own, or above a code cell; its lines
notes           what the speaker says and asks; stands in the first cell of a slide; its lines
source, output  "hide" leaves out that part of a code cell

Where a code cell begins a slide, what it printed appears at a step: first predict, then look.
"""

from __future__ import annotations

import html
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from markdown import Markdown
from mkdocs.config import load_config
from nbformat import NotebookNode

from tools.docs import Docs, linked
from tools.notebook import ROOT, fence, heading, read, widget_state

DECK = """<!doctype html>
<html lang="ko">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · 슬라이드</title>
<link rel="icon" href="../../assets/favicon.svg">
<link rel="stylesheet" href="../../assets/fonts/fonts.css">
<link rel="stylesheet" href="../../assets/reveal/reveal.css">
<link rel="stylesheet" href="../../assets/slides.css">
</head>
<body>
<main id="deck"><div class="slides">
{slides}
</div></main>
<script src="../../assets/reveal/reveal.js"></script>
<script src="../../assets/reveal/notes.js"></script>
<script type="module" src="../../assets/slides.js"></script>
<script type="module" src="../../assets/mount.js"></script>
</body>
</html>
"""

INDEX = """# 슬라이드

수업마다 슬라이드가 하나 있다. 수업 노트북에서 고른 셀과 그 출력이고, 그림은 여기서도 움직인다.
화면의 숫자는 이 사이트를 만들 때 실습실에서 잰 것이다.

| 수업 | 장 | 인쇄용 |
|---|---|---|
{rows}

- **넘기기**: 스페이스나 PageDown은 다음, PageUp은 이전. 급하면 →로 작은 장을 건너뛴다.
- **발표자 화면**: S. 새 창에 설명, 시계, 다음 장이 보인다. 팝업을 막아 두었다면 풀어야 열린다.
- **한눈에 보기**: O나 Esc. **화면 가리기**: B. **전체 화면**: F.
- **그림 속에서**: 화살표와 글자는 그림의 것이다. 다음 장으로는 PageDown으로 넘긴다.
- **인쇄**: 인쇄용을 열고 브라우저에서 인쇄한다. 용지는 가로, 여백은 없음. PDF로 저장해도 된다.
- 휴대전화에서는 한 장씩 넘기지 않고 이어서 읽는다.
"""

# reveal.js has no setting for the language of its speaker window.
SPEAKER_WINDOW = {
    ">Loading speaker view...<": ">여는 중…<",
    ">Upcoming<": ">다음<",
    ">Time <": ">지난 시간 <",
    ">Click to Reset<": ">누르면 처음부터<",
    ">Notes<": ">설명<",
    "'Default'": "'기본'",
    "'Wide'": "'넓게'",
    "'Tall'": "'길게'",
    "'Notes only'": "'설명만'",
    "'Layout'": "'배치'",
    "'en-US'": "'ko-KR'",
    "Speaker view popup failed to open. Please make sure popups are allowed and reopen the "
    "speaker view.": "브라우저가 팝업을 막았다. 이 주소의 팝업을 허용하고 다시 S를 누르세요.",
}


@dataclass
class Slide:
    cell: str  # the id of its first cell, in the lesson's page too
    below: bool
    notes: str
    parts: list[str] = field(default_factory=list)


class Slides:
    def __init__(self, docs: Docs) -> None:
        self.docs = docs
        site = load_config(str(ROOT / "mkdocs.yml"))
        extensions = [one for one in site.markdown_extensions if one != "toc"]
        self.markdown = Markdown(extensions=extensions, extension_configs=site.mdx_configs)

    def lesson(self, path: Path) -> str:
        """Writes one lesson's slides; returns its line of the list."""
        notebook = read(path)
        slides = self._slides(notebook)
        title, name = heading(notebook)[0].replace("`", ""), path.stem
        columns: list[list[str]] = []
        for slide in slides:
            if not slide.below:
                columns.append([])
            columns[-1].append(self._section(slide, name))
        body = "\n".join(map(stacked, columns))
        self.docs.write(
            f"slides/{name}/index.html", DECK.format(title=html.escape(title), slides=body)
        )
        deck = f"{name}/index.html"
        return (
            f"| [{title}]({deck}) | {len(slides)} | [슬라이드만]({deck}?print-pdf), "
            f"[설명까지]({deck}?print-pdf&showNotes=separate-page) |"
        )

    def _slides(self, notebook: NotebookNode) -> list[Slide]:
        state = widget_state(notebook)
        found: list[Slide] = []
        for cell in notebook.cells:
            marks = cell.metadata.get("slideshow", {})
            kind = marks.get("slide_type")
            if kind not in ("slide", "subslide", "fragment", "-"):
                continue
            if kind in ("slide", "subslide"):
                found.append(Slide(cell.id, kind == "subslide", "".join(marks.get("notes", []))))
            shown, printed = self._cell(cell, marks, state)
            if kind == "fragment":
                shown, printed = "", f"{shown}\n\n{printed}"
            elif kind == "-" or not shown:
                shown, printed = f"{shown}\n\n{printed}", ""
            found[-1].parts += [self._html(shown), step(self._html(printed))]
        return found

    def _cell(
        self, cell: NotebookNode, marks: NotebookNode, state: NotebookNode
    ) -> tuple[str, str]:
        """A cell's text or code, and what it printed."""
        text = "".join(marks.get("text", []))
        if cell.cell_type == "markdown":
            return text or addressed(cell.source), ""
        folded = cell.metadata.get("jupyter", {}).get("source_hidden")
        if not folded and marks.get("source") != "hide":
            text += "\n\n" + fence(cell.source)
        outputs = cell.outputs if marks.get("output") != "hide" else []
        return text, "\n\n".join(self.docs.output(one, state) for one in outputs)

    def _html(self, text: str) -> str:
        markup: str = self.markdown.reset().convert(text)
        return markup

    def _section(self, slide: Slide, lesson: str) -> str:
        back = f'<a class="back" href="../../lessons/{lesson}/#{slide.cell}">수업에서 보기</a>'
        notes = f'<aside class="notes">{self._html(slide.notes)}</aside>'
        parts = "\n".join(filter(None, slide.parts))
        return f'<section id="{slide.cell}">\n{parts}\n{back}\n{notes}\n</section>'


def stacked(sections: list[str]) -> str:
    """A slide and those below it as reveal.js wants them."""
    if len(sections) == 1:
        return sections[0]
    return "\n".join(["<section>", *sections, "</section>"])


def step(markup: str) -> str:
    return f'<div class="fragment">\n{markup}\n</div>' if markup else ""


def addressed(source: str) -> str:
    """Links between notebooks as links from a lesson's slides."""
    return re.sub(
        r"\]\((?:\.\./)?(?:(\w+)/)?(\w+)\.md",
        lambda found: f"](../../{found[1] or 'lessons'}/{found[2]}/",
        linked(source),
    )


def korean_speaker_window(docs: Path) -> None:
    script = Path("assets/reveal/notes.js")
    text = (ROOT / "site" / script).read_text("utf-8")
    for theirs, ours in SPEAKER_WINDOW.items():
        if theirs not in text:
            raise SystemExit(f"tools.slides: reveal.js no longer says {theirs!r}")
        text = text.replace(theirs, ours)
    (docs / script).write_text(text, "utf-8")


def main() -> int:
    executed, docs = map(Path, sys.argv[1:3])
    slides = Slides(Docs(docs))
    rows = [slides.lesson(path) for path in sorted(executed.glob("*.ipynb"))]
    slides.docs.write("slides/index.md", INDEX.format(rows="\n".join(rows)))
    korean_speaker_window(docs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
