// A tree of any length: only the rows in sight exist. The focus stays on the frame and points at
// the current row (aria-activedescendant), so a row may leave the page while it is current.

const ROW_HEIGHT = 28;

/**
 * rows(): array-like of keys, top to bottom; describe(key) gives
 * {expanded (true, false or undefined for a leaf), label, cells: [nodes]}, level(key) how deep from 1.
 */
function virtualTree({ label, rows, level, describe, toggle, current }) {
  const prefix = uid();
  const canvas = h("div", { class: "ls-tree-canvas", role: "presentation" });
  const frame = h("div", { class: "ls-tree", role: "tree", tabindex: 0, "aria-label": label }, canvas);
  let keys = [];
  let at = 0;
  let planned = false;

  const draw = () => {
    planned = false;
    const first = Math.max(Math.floor(frame.scrollTop / ROW_HEIGHT) - 6, 0);
    const last = Math.min(Math.ceil((frame.scrollTop + (frame.clientHeight || 400)) / ROW_HEIGHT) + 6, keys.length);
    const shown = [];
    for (let i = first; i < last; i += 1) {
      const row = describe(keys[i]);
      shown.push(
        h("div", {
          class: "ls-tree-row", role: "treeitem", id: `${prefix}-${i}`, "data-at": i,
          "aria-level": level(keys[i]), "aria-label": row.label, "aria-selected": String(i === at),
          "aria-expanded": row.expanded === undefined ? null : String(row.expanded),
          style: { top: `${i * ROW_HEIGHT}px`, "--level": Math.min(level(keys[i]) - 1, 12) },
        }, h("span", { class: "ls-tree-arrow", "aria-hidden": "true" }, row.expanded === undefined ? "" : row.expanded ? "▾" : "▸"), row.cells),
      );
    }
    canvas.replaceChildren(...shown);
    if (keys.length) frame.setAttribute("aria-activedescendant", `${prefix}-${at}`);
    else frame.removeAttribute("aria-activedescendant");
  };
  const plan = () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(draw);
  };
  const go = (to) => {
    at = Math.min(Math.max(to, 0), keys.length - 1);
    const top = at * ROW_HEIGHT;
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + ROW_HEIGHT > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + ROW_HEIGHT - frame.clientHeight;
    draw();
    if (keys.length) current(keys[at]);
  };
  const refresh = (key) => {
    keys = rows();
    canvas.style.height = `${keys.length * ROW_HEIGHT}px`;
    const place = key === undefined ? -1 : keys.indexOf(key);
    at = place >= 0 ? place : 0;
    if (place < 0) frame.scrollTop = 0;
    go(at);
  };
  const flip = () => {
    const key = keys[at];
    if (describe(key).expanded === undefined) return;
    toggle(key);
    refresh(key);
  };

  frame.addEventListener("scroll", plan, { passive: true });
  frame.addEventListener("click", (event) => {
    const row = event.target.closest("[data-at]");
    if (!row) return;
    go(Number(row.dataset.at));
    if (event.target.closest(".ls-tree-arrow") || event.detail === 2) flip();
  });
  frame.addEventListener("keydown", (event) => {
    if (!keys.length) return;
    const page = Math.max(Math.floor(frame.clientHeight / ROW_HEIGHT) - 1, 1);
    const { expanded } = describe(keys[at]);
    const parent = () => {
      let i = at - 1;
      while (i > 0 && level(keys[i]) >= level(keys[at])) i -= 1;
      return i;
    };
    const act = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      PageDown: () => go(at + page),
      PageUp: () => go(at - page),
      Home: () => go(0),
      End: () => go(keys.length - 1),
      ArrowRight: () => (expanded === false ? flip() : expanded && go(at + 1)),
      ArrowLeft: () => (expanded ? flip() : go(parent())),
      Enter: flip,
      " ": flip,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return { frame, refresh, length: () => keys.length };
}
