"""Cuts the site's fonts to the glyphs that its pages show.

    python -m tools.fonts SITE

SITE: the built site.  Nanum Gothic and Nanum Gothic Coding (SIL Open Font License) come from the
machine's own fonts; what is left of them goes to SITE/assets/fonts, with the stylesheet that names
them.  Without them the site falls back to the reader's fonts.
"""

from __future__ import annotations

import html
import json
import re
import sys
from pathlib import Path

from fontTools import subset

FONTS = Path("/usr/share/fonts/truetype/nanum")
FACES = (
    ("Site Sans", 400, "NanumGothic.ttf"),
    ("Site Sans", 700, "NanumGothicBold.ttf"),
    ("Site Mono", 400, "NanumGothicCoding.ttf"),
)
ALWAYS = "".join(map(chr, range(0x20, 0x7F)))


def main() -> int:
    site = Path(sys.argv[1])
    shown = set(ALWAYS)
    for path in site.rglob("*.html"):
        shown |= set(html.unescape(re.sub(r"<[^>]+>", "", path.read_text("utf-8"))))
    for path in (*site.rglob("views/*.js"), *site.rglob("assets/*.js")):
        shown |= set(path.read_text("utf-8"))
    for path in site.rglob("views/*.json"):
        shown |= set(json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False))
    shown = {one for one in shown if one.isprintable()}
    rules = []
    target = site / "assets/fonts"
    target.mkdir(parents=True, exist_ok=True)
    for family, weight, name in FACES:
        if not (FONTS / name).exists():
            print(f"{name} is not on this machine: left out", file=sys.stderr)
            continue
        options = subset.Options(flavor="woff2", layout_features=["*"], hinting=False)
        options.drop_tables += ["TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]  # the designer's sources
        font = subset.load_font(str(FONTS / name), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=map(ord, shown))
        cutter.subset(font)
        made = target / f"{Path(name).stem}.woff2"
        subset.save_font(font, str(made), options)
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: swap; '
            f'src: url("{made.name}") format("woff2"); }}\n'
        )
        print(f"{made.name}: {made.stat().st_size:,} bytes, {len(font.getGlyphOrder()):,} glyphs")
    (target / "fonts.css").write_text("".join(rules), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
