export default view((root, data) => {
  const { images, rows } = data;
  const choice = { before: 0, after: images.length - 1 };
  const largest = Math.max(1, ...images.map((image) => image.size));
  const holders = (row) => row.counts.filter(Boolean).length;
  const letter = (column) => String.fromCharCode(65 + column);
  const name = (column) => h("span", {}, h("span", { class: "ls-compare-letter" }, letter(column)), images[column].reference);

  // ---- totals ----
  const ownBytes = (column) => rows.filter((row) => row.counts[column] && holders(row) === 1).reduce((sum, row) => sum + row.size * row.counts[column], 0);
  const totals = h("div", { class: "ls-compare-totals" }, images.map((image, column) => {
    const own = ownBytes(column);
    const width = (n) => ({ width: `${(100 * n) / largest}%` });
    return h("div", { role: "group", class: "ls-compare-total", "aria-label": image.reference },
      h("h3", { class: "ls-compare-name" }, name(column)),
      h("p", { class: "ls-compare-size" }, h("strong", {}, bytes(image.size)), h("span", { class: "ls-note" }, `${exact(image.size)} · 레이어 ${count(image.layers)}개`)),
      h("span", { class: "ls-bar", "aria-hidden": "true" },
        h("span", { class: "ls-fill-shared", style: width(image.size - own) }), h("span", { class: "ls-fill-own", style: width(own) })),
      h("p", { class: "ls-note" },
        h("span", { "data-tip": exact(image.size - own) }, `공유 ${bytes(image.size - own)}`), " · ",
        h("span", { "data-tip": exact(own) }, `혼자 ${bytes(own)}`), " · ",
        h("span", { class: image.hidden ? "ls-compare-hidden" : "", "data-tip": exact(image.hidden) }, `숨은 ${bytes(image.hidden)}`),
        image.compressed === null ? null : ` · 압축 ${bytes(image.compressed)}`));
  }));
  const sum = images.reduce((total, image) => total + image.size, 0);
  const stored = h("p", { class: "ls-compare-stored" },
    data.stored < sum
      ? [`크기를 더하면 ${bytes(sum)}이지만, 같은 레이어는 한 번만 저장하므로 디스크에는 `, h("strong", { "data-tip": exact(data.stored) }, bytes(data.stored)), "만 쓴다."]
      : `함께 쓰는 레이어가 없어 ${bytes(sum)}를 모두 따로 저장한다.`);

  // ---- layers, one row for each different one ----
  const shownHidden = (row) => row.hidden.some(Boolean);
  const cell = (row, column) => {
    if (!row.counts[column]) return h("td", { class: "ls-compare-none" }, h("span", { class: "ls-hidden-visually" }, "없음"));
    const hidden = row.hidden[column];
    return h("td", { class: holders(row) > 1 ? "ls-compare-shared" : "ls-compare-own" },
      h("span", { class: "ls-compare-block" },
        h("span", { class: "ls-num", "data-tip": exact(row.size) }, bytes(row.size), row.counts[column] > 1 ? ` ×${row.counts[column]}` : ""),
        hidden ? h("span", { class: "ls-num ls-compare-hidden", "data-tip": exact(hidden) }, h("span", { class: "ls-swatch ls-fill-hidden" }), bytes(hidden)) : null));
  };
  const table = h("table", { class: "ls-compare-layers" },
    h("caption", {}, h("h4", {}, "레이어"), h("p", { class: "ls-note ls-legend" },
      h("span", {}, h("span", { class: "ls-swatch ls-fill-shared" }), "공유(DiffID가 같음)"),
      h("span", {}, h("span", { class: "ls-swatch ls-fill-own" }), "혼자"),
      rows.some(shownHidden) ? h("span", {}, h("span", { class: "ls-swatch ls-fill-hidden" }), "그중 숨음") : null)),
    h("thead", {}, h("tr", {}, images.map((image, column) => h("th", { scope: "col", "aria-label": image.reference, "data-tip": image.reference }, h("span", { class: "ls-compare-letter" }, letter(column)))),
      h("th", { scope: "col", class: "ls-compare-what" }, "인스트럭션"))),
    h("tbody", {}, rows.map((row) => h("tr", {}, images.map((_, column) => cell(row, column)),
      h("th", { scope: "row", class: "ls-compare-what" },
        h("span", { class: "ls-mono ls-compare-instruction" }, row.instruction || "(기록 없음)"),
        h("span", { class: "ls-note ls-compare-id" }, holders(row) > 1 ? h("span", { class: "ls-compare-tag" }, holders(row) === images.length ? "공유" : `공유 ${row.counts.map((n, i) => (n ? letter(i) : "")).join("")}`) : null,
          h("span", { class: "ls-mono", "data-tip": row.diffId }, shortDigest(row.diffId))))))));

  // ---- before and after ----
  const pick = (key, label) => h("label", { class: "ls-compare-pick" }, label, h("select", {
    class: "ls-input", "aria-label": `${label} 이미지`, onchange: (event) => { choice[key] = Number(event.target.value); difference(); },
  }, images.map((image, column) => h("option", { value: column, selected: column === choice[key] }, `${letter(column)} ${image.reference}`))));
  const change = h("div", { class: "ls-compare-change", "aria-live": "polite" });
  const signed = (n) => (n > 0 ? `+${bytes(n)}` : n < 0 ? `−${bytes(-n)}` : "0 B");
  let all = false;
  function difference() {
    const [before, after] = [images[choice.before], images[choice.after]];
    const figure = (label, field) => {
      const delta = after[field] - before[field];
      return h("div", { class: "ls-compare-figure" }, h("dt", {}, label),
        h("dd", {}, h("strong", { class: "ls-num", "data-tip": `${exact(before[field])} → ${exact(after[field])}` }, signed(delta)),
          h("span", { class: "ls-note" }, `${bytes(before[field])} → ${bytes(after[field])}`)));
    };
    const changed = data.paths.names
      .map((path, i) => ({ path, delta: data.paths.sizes[i][choice.after] - data.paths.sizes[i][choice.before] }))
      .filter((row) => row.delta)
      .sort((a, b) => Math.abs(b.delta) - Math.abs(a.delta));
    const most = Math.max(1, ...changed.map((row) => Math.abs(row.delta)));
    const shown = all ? changed : changed.slice(0, 12);
    change.replaceChildren(
      h("dl", { class: "ls-compare-figures" }, figure("크기", "size"), figure("보이는 바이트", "visible"), figure("숨은 바이트", "hidden")),
      changed.length
        ? h("table", { class: "ls-compare-paths" },
          h("caption", {}, h("h4", {}, "컨테이너에서 보이는 경로의 차이")),
          h("tbody", {}, shown.map(({ path, delta }) => h("tr", {},
            h("th", { scope: "row", class: "ls-mono" }, path),
            h("td", { class: "ls-num", "data-tip": `${delta > 0 ? "늘어난" : "줄어든"} ${exact(Math.abs(delta))}` }, signed(delta)),
            h("td", { class: "ls-compare-delta", "aria-hidden": "true" }, h("span", {
              class: delta > 0 ? "ls-compare-more" : "ls-compare-less",
              style: { width: `${(50 * Math.abs(delta)) / most}%` },
            }))))))
        : h("p", { class: "ls-note" }, "컨테이너에서 보이는 바이트는 경로마다 같다."),
      changed.length > 12
        ? h("button", { class: "ls-button", type: "button", "aria-expanded": String(all), onclick() { all = !all; difference(); change.querySelector("button").focus(); } }, all ? "줄이기" : `나머지 ${count(changed.length - 12)}개 보기`)
        : "",
      data.paths.left && all ? h("p", { class: "ls-note" }, `차이가 더 작은 경로 ${count(data.paths.left)}개는 뺐다.`) : "");
  }
  difference();

  root.append(
    totals, stored,
    h("div", { role: "group", class: "ls-panel ls-compare-panel", "aria-label": "레이어" }, table),
    h("div", { role: "group", class: "ls-panel ls-compare-panel", "aria-label": "앞뒤 차이" },
      h("header", { class: "ls-compare-head" }, h("h4", {}, "앞뒤 차이"), h("div", { class: "ls-compare-picks" }, pick("before", "앞"), pick("after", "뒤"))),
      change),
  );
});
