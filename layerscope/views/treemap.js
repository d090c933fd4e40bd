// Squarified treemap (Bruls, Huizing, van Wijk 2000): areas are sizes, tiles as square as possible.

/** items: [{size}] largest first; gives [{item, x, y, w, h}] that fill the box. */
function squarify(items, x, y, w, h) {
  const out = [];
  let rest = items.reduce((sum, item) => sum + item.size, 0);
  let i = 0;
  while (i < items.length && rest > 0 && w > 0 && h > 0) {
    const side = Math.min(w, h);
    const scale = (w * h) / rest;
    const worst = (sum, low, high) => {
      const s2 = (sum * scale) ** 2;
      return Math.max((side * side * high * scale) / s2, s2 / (side * side * low * scale));
    };
    let sum = items[i].size;
    let end = i + 1;
    while (end < items.length) {
      const grown = sum + items[end].size;
      if (worst(grown, items[end].size, items[i].size) > worst(sum, items[end - 1].size, items[i].size)) break;
      sum = grown;
      end += 1;
    }
    const thick = (sum * scale) / side;
    let along = 0;
    for (; i < end; i += 1) {
      const length = (items[i].size * scale) / thick;
      out.push(w >= h
        ? { item: items[i], x, y: y + along, w: thick, h: length }
        : { item: items[i], x: x + along, y, w: length, h: thick });
      along += length;
    }
    if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
    rest -= sum;
  }
  return out;
}

/**
 * children(key): [{key, size, hidden, name, folder}] largest first; open(key) is called for a
 * folder, pick(key) for any tile. Tiles inside a folder's tile are drawn two levels deep.
 */
function treemap({ label, children, open, pick }) {
  const MOST = 48; // per folder; the rest becomes one tile
  const frame = h("div", { class: "ls-map", role: "group", "aria-label": label });
  let key = 0;
  const limited = (of) => {
    const all = children(of);
    if (all.length <= MOST) return all;
    const tail = all.slice(MOST);
    const sum = (field) => tail.reduce((total, item) => total + item[field], 0);
    const rest = { key: -1, size: sum("size"), hidden: sum("hidden"), name: `그 밖 ${count(tail.length)}개`, folder: false };
    return [...all.slice(0, MOST), rest].sort((a, b) => b.size - a.size);
  };
  const tile = ({ item, x, y, w, h: height }, depth) => {
    const nested = item.folder && depth === 0 && w > 90 && height > 56;
    const text = `${item.name}${item.folder ? "/" : ""}`;
    return h(depth === 0 ? "button" : "span", {
      class: `ls-map-tile ${item.folder ? "ls-map-folder" : ""} ${nested ? "ls-map-nest" : ""}`,
      type: depth === 0 ? "button" : null,
      "aria-label": depth === 0 ? `${text} ${bytes(item.size)}${item.hidden ? `, 숨은 ${bytes(item.hidden)}` : ""}` : null,
      "aria-hidden": depth === 0 ? null : "true",
      "data-tip": depth === 0 ? `${text} · ${exact(item.size)}${item.hidden ? ` · 숨은 ${exact(item.hidden)}` : ""}` : null,
      onclick: depth === 0 && item.key >= 0 ? () => (item.folder ? open(item.key) : pick(item.key)) : null,
      style: { left: `${x}px`, top: `${y}px`, width: `${Math.max(w - 1.5, 0)}px`, height: `${Math.max(height - 1.5, 0)}px` },
    },
    item.hidden && !nested ? h("span", { class: "ls-map-hidden", style: { width: percent(item.hidden, item.size) } }) : null,
    nested ? squarify(limited(item.key).filter((one) => one.size > 0), 3, 21, w - 7.5, height - 25.5)
      .filter((box) => box.w > 3 && box.h > 3).map((box) => tile(box, 1)) : null,
    w > 44 && height > 20 ? h("span", { class: "ls-map-text ls-ellipsis" }, text, w > 110 && (height > 34 || nested) ? h("span", { class: "ls-map-size" }, bytes(item.size)) : null) : null);
  };
  const draw = () => {
    const width = frame.clientWidth;
    if (!width) return;
    const items = limited(key).filter((item) => item.size > 0);
    const tiles = squarify(items, 0, 0, width, frame.clientHeight).filter((box) => box.w > 2 && box.h > 2).map((box) => tile(box, 0));
    frame.replaceChildren(...(tiles.length ? tiles : [h("p", { class: "ls-note ls-map-empty" }, "바이트를 차지하는 파일이 없다.")]));
    roving(frame, () => [...frame.children].filter((one) => one.localName === "button"));
  };
  const observer = new ResizeObserver(draw);
  observer.observe(frame);
  return { frame, show(of) { key = of; draw(); }, stop: () => observer.disconnect() };
}
