"""The frame that every view shares.

How to make a view
------------------
A view called ``build_timeline`` is three files in this folder:

``build_timeline.py``
    ::

        class BuildTimeline(View):
            def __init__(self, steps: list[Step]) -> None:
                super().__init__(
                    {"steps": [...]},                   # any JSON; what the browser gets
                    summary="빌드 12단계, 9.3초",        # text/plain
                    table=Table("빌드 단계", ["단계", "시간(ms)"], [["RUN make", 1200], ...]),
                )

``build_timeline.js``
    ::

        export default view((root, data) => {           // view() comes from base.js
          root.append(h("p", { class: "ls-note" }, data.steps.length + "단계"));
          return () => {};                              // optional clean-up
        });

``build_timeline.css``
    Rules that start with ``.ls .ls-timeline`` (a class alone loses against JupyterLab's rules
    for dl, pre and table); colours only through the ``--ls-…`` variables of base.css.

Nothing has to be declared: the class finds the two files by the name of its own module and puts
base.js and base.css (and the files named in ``parts``, for example ``("tree",)``) in front of
them.  So each view is one self-contained ES module in the anywidget front-end form (AFM): no
imports, no CDN, no build step.  It runs in JupyterLab and, through mount.js, in a shadow root
of a static page.  Hence the rules:

* All interaction is JavaScript.  Python fills the traits once; after render nothing may need it.
* Find elements through ``root``, never through ``document`` (the view may be in a shadow root);
  the focused element is ``root.getRootNode().activeElement``.
* ``id`` attributes come from ``uid()``: the same view may be shown many times on one page.
* Anything a mouse can do, a keyboard can; state is never told by colour alone.

Tests: see the docstring of tests/views/conftest.py.
"""

from __future__ import annotations

import base64
import gzip
import html
import inspect
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

try:
    import anywidget
    import traitlets
except ModuleNotFoundError as missing:  # layerscope without its extra "views"
    raise ModuleNotFoundError(
        "노트북의 그림(layerscope.views)을 불러오지 못했다\n"
        f"이유: 그림에 쓰는 패키지 {missing.name}이(가) 없다\n"
        "다음: pip install 'layerscope[views]'",
        name=missing.name,
    ) from None

_HERE = Path(__file__).parent


@dataclass(slots=True)
class Table:
    """What stays of a view where no JavaScript runs: GitHub, paper, a mail."""

    caption: str
    head: list[str]
    rows: list[list[str | int]] = field(default_factory=list)
    note: str = ""

    def to_html(self) -> str:
        def cell(value: str | int) -> str:
            if isinstance(value, int):
                return f'<td style="text-align:right">{value:,}</td>'
            return f'<td style="text-align:left">{html.escape(readable(value))}</td>'

        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.head)
        body = "".join(f"<tr>{''.join(map(cell, row))}</tr>" for row in self.rows)
        note = f"<p>{html.escape(readable(self.note))}</p>" if self.note else ""
        return (
            f"<table><caption>{html.escape(readable(self.caption))}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"
        )


class View(anywidget.AnyWidget):
    """One view: data in, picture out.  The module docstring tells how to write one."""

    #: Shared files to put between base and the view's own, without suffix.
    parts: ClassVar[tuple[str, ...]] = ()

    #: The data as JSON, gzipped, in base64; base.js inflates it with DecompressionStream.
    payload = traitlets.Unicode("").tag(sync=True)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "_esm" not in cls.__dict__:  # add_traits() makes a subclass too, and brings its own
            cls._collect()
        super().__init_subclass__(**kwargs)

    @classmethod
    def _collect(cls) -> None:
        own = Path(inspect.getfile(cls)).with_suffix("")
        files = [_HERE / "base", *(_HERE / part for part in cls.parts), own]
        cls._esm = "\n".join(file.with_suffix(".js").read_text("utf-8") for file in files)
        # A shared part may be script only.
        styles = [file.with_suffix(".css") for file in files]
        cls._css = "\n".join(file.read_text("utf-8") for file in styles if file.exists())

    def __init__(self, data: object, *, summary: str, table: Table) -> None:
        self._summary = summary
        self._table = table
        super().__init__(payload=pack(data))

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {readable(self._summary)}"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if bundle is not None else ({}, {})
        data["text/plain"] = readable(self._summary)
        data["text/html"] = self._table.to_html()
        return data, metadata


def pack(data: object) -> str:
    """JSON, compressed for a trait.  Equal data give equal text, so notebooks stay diffable."""
    text = json.dumps(data, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("ascii"), mtime=0)).decode("ascii")


def readable(text: str) -> str:
    """Text that can be written as UTF-8: bytes of a path that are no UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
