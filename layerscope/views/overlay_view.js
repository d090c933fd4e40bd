// --- The view ----------------------------------------------------------------------------------

const KIND_NAMES = { f: "파일", d: "디렉터리", q: "불투명 디렉터리", l: "심볼릭 링크", w: "화이트아웃", o: "특수 파일" };
const CHANGES = {
  new: { sign: "+", word: "새로 만듦", class: "ls-overlay-new" },
  copy: { sign: "↑", word: "카피업", class: "ls-overlay-copy" },
  replace: { sign: "⇄", word: "새것으로 바꿈", class: "ls-overlay-copy" },
  white: { sign: "✕", word: "화이트아웃", class: "ls-overlay-white" },
  opaque: { sign: "▣", word: "불투명", class: "ls-overlay-white" },
  dir: { sign: "/", word: "디렉터리", class: "ls-overlay-dir" },
};

function readRows(data) {
  const at = [];
  return (data.depths.length ? data.names.split("/") : []).map((name, i) => {
    const depth = data.depths[i];
    at[depth] = i;
    const item = (kinds, sizes) => (kinds[i] === "." ? null : { kind: kinds[i], size: sizes[i] });
    return {
      name, depth, parent: depth ? at[depth - 1] : -1, children: [], path: name,
      change: data.changes[i], note: data.notes[i],
      upper: item(data.upperKinds, data.upperSizes),
      merged: item(data.mergedKinds, data.mergedSizes),
      lowers: data.lowerKinds.map((kinds, layer) => {
        const one = item(kinds, data.lowerSizes[layer]);
        return one && { ...one, layer: layer + 1, covered: data.covered[layer][i] === "1" };
      }).filter(Boolean),
    };
  });
}

export default view((root, data) => {
  const rows = readRows(data);
  const top = [];
  rows.forEach((row, i) => {
    const parent = rows[row.parent];
    if (parent) {
      row.path = `${parent.path}/${row.name}`;
      parent.children.push(i);
    } else top.push(i);
  });
  const changed = (row) => row.change !== "" && row.change !== "dir";
  const several = data.lowers.length > 1;

  // --- the stack of directories
  const sum = (pick) => rows.reduce((all, row) => {
    const item = pick(row);
    return item && item.kind !== "d" && item.kind !== "q" ? { files: all.files + 1, bytes: all.bytes + item.size } : all;
  }, { files: 0, bytes: 0 });
  const plate = (name, role, path, total, style) =>
    h("li", { class: `ls-overlay-plate ${style}` },
      h("b", { class: "ls-mono" }, name), h("span", { class: "ls-note" }, role),
      h("span", { class: "ls-overlay-total ls-num" }, `${count(total.files)}개 `, sizeText(total.bytes)),
      h("span", { class: "ls-mono ls-overlay-where" }, path));
  const stack = h("ol", { class: "ls-overlay-stack", tabindex: data.lowers.length > 4 ? 0 : null, "aria-label": "위에서 아래로 쌓인 디렉터리" },
    plate("merged", "프로세스가 보는 것", data.merged, sum((row) => row.merged), "ls-overlay-merged"),
    data.upper === null ? null : plate("upper", "쓰기 가능: 바뀐 것만", data.upper, sum((row) => row.upper), "ls-overlay-upper"),
    data.lowers.map((path, layer) => plate(several ? `lower ${layer + 1}` : "lower", "읽기 전용", path,
      sum((row) => row.lowers.find((one) => one.layer === layer + 1)), "ls-overlay-lower")));

  // --- the tree
  const choice = { show: "all" };
  const open = new Set();
  const shown = new Uint8Array(rows.length);
  const filter = () => {
    for (let i = rows.length - 1; i >= 0; i -= 1) {
      const row = rows[i];
      const own = choice.show === "all" || (choice.show === "changed" ? changed(row) : row.change === choice.show);
      shown[i] = own || row.children.some((child) => shown[child]) ? 1 : 0;
    }
  };
  const visible = () => {
    const list = [];
    const walk = (children) => {
      for (const i of children) {
        if (!shown[i]) continue;
        list.push(i);
        if (open.has(i)) walk(rows[i].children);
      }
    };
    walk(top);
    return list;
  };
  const isFolder = (kind) => kind === "d" || kind === "q";
  const amount = (item) => (item.kind === "f" ? bytes(item.size) : item.kind === "l" ? "링크" : item.kind === "w" ? "화이트아웃" : isFolder(item.kind) ? "디렉터리" : "특수");
  /** Which directory the merged view takes it from. */
  const origin = (row) => {
    if (!row.merged) return "";
    if (row.upper && row.change !== "dir") return "upper";
    const lower = row.lowers.find((one) => !one.covered);
    const name = lower ? (several ? `lower ${lower.layer}` : "lower") : "upper";
    return row.change === "dir" || row.lowers.filter((one) => !one.covered).length > 1 ? "합침" : name;
  };

  const lowerCell = (row) => h("span", { class: "ls-overlay-cell" }, row.lowers.map((one) =>
    h("span", { class: `ls-overlay-chip ${one.covered ? "ls-overlay-covered" : ""}` },
      several ? h("b", {}, one.layer) : null, h("span", { class: several ? "ls-overlay-long" : "" }, one.kind === "w" ? "✕" : isFolder(one.kind) ? "/" : amount(one)))));
  const upperCell = (row) => {
    const change = CHANGES[row.change];
    return h("span", { class: "ls-overlay-cell" }, change ? h("span", { class: `ls-overlay-chip ${change.class}` },
      h("b", {}, change.sign), change === CHANGES.dir ? null : h("span", { class: "ls-overlay-long" }, change.word, row.upper.kind === "f" ? ` ${bytes(row.upper.size)}` : "")) : null);
  };
  const mergedCell = (row) => h("span", { class: "ls-overlay-cell" }, row.merged
    ? h("span", { class: "ls-overlay-chip ls-overlay-seen" }, h("b", {}, "●"), h("span", { class: "ls-overlay-long" }, origin(row)))
    : h("span", { class: "ls-overlay-chip ls-overlay-unseen" }, h("b", {}, "–"), h("span", { class: "ls-overlay-long" }, "안 보임")));

  const sentence = (row) => [
    row.name,
    row.lowers.length ? `lower${several ? ` ${row.lowers.map((one) => one.layer).join(", ")}` : ""}에 있음` : "lower에 없음",
    CHANGES[row.change] ? `upper에서 ${CHANGES[row.change].word}` : "upper에 없음",
    row.merged ? `merged에 보임, ${origin(row)}` : "merged에 보이지 않음",
  ].join(", ");

  const why = (row) => ({
    new: "lower에 없던 것을 upper에 새로 만들었다.",
    copy: `lower의 ${row.upper?.kind === "f" ? "파일 전체를" : "것을"} upper로 복사(카피업)한 다음 바꿨다. lower의 원본은 그대로 있고, merged에는 upper의 것만 보인다.`,
    replace: "upper에 같은 이름으로 새로 만든 것이 lower의 것을 가린다. 복사해 온 것이 아니다.",
    white: "upper의 화이트아웃(문자 장치 0/0)이 lower의 것을 가린다. lower에서 지워진 바이트는 없다.",
    opaque: "upper의 디렉터리가 불투명(trusted.overlay.opaque=y)해서 lower에 있던 내용이 모두 가려진다.",
    dir: "upper와 lower에 모두 있는 디렉터리다. 내용이 합쳐져 보인다.",
    "": row.merged ? "upper에는 없다. lower의 것이 그대로 보인다." : "위에 있는 것이 가려서 보이지 않는다.",
  })[row.change];

  const detail = h("div", { class: "ls-overlay-detail", "aria-live": "polite" });
  const tree = virtualTree({
    label: "lower, upper, merged 비교", rows: visible, level: (i) => rows[i].depth + 1,
    describe: (i) => {
      const row = rows[i];
      return {
        expanded: row.children.length ? open.has(i) : undefined,
        label: sentence(row),
        cells: [
          h("span", { class: `ls-overlay-name ls-mono ls-ellipsis ${row.merged ? "" : "ls-overlay-gone"}` }, row.name, row.children.length || isFolder(row.merged?.kind) ? "/" : ""),
          lowerCell(row), upperCell(row), mergedCell(row),
        ],
      };
    },
    toggle: (i) => (open.has(i) ? open.delete(i) : open.add(i)),
    current: (i) => {
      const row = rows[i];
      const place = (name, item, covered) => h("div", {}, h("dt", {}, name), h("dd", {}, item
        ? `${KIND_NAMES[item.kind]}${item.kind === "f" ? ` ${exact(item.size)}` : ""}${covered ? " · 가려짐" : ""}` : "없음"));
      detail.replaceChildren(
        h("p", { class: "ls-mono ls-overlay-path" }, row.path), h("p", {}, why(row)),
        row.note ? h("p", {}, row.note === "metacopy" ? "metacopy: 메타데이터만 복사했고 내용은 아직 lower에 있다." : `${row.note}: 이름이 바뀐 lower 디렉터리를 가리킨다.`) : "",
        h("dl", {}, place("merged", row.merged), place("upper", row.upper),
          row.lowers.length ? row.lowers.map((one) => place(several ? `lower ${one.layer}` : "lower", one, one.covered)) : place("lower", null)));
    },
  });

  const SHOW = { all: "전체", changed: "upper가 바꾼 것", new: "새로 만듦", copy: "카피업", replace: "새것으로 바꿈", white: "화이트아웃", opaque: "불투명" };
  const tally = (key) => (key === "all" ? rows.length : rows.filter((row) => (key === "changed" ? changed(row) : row.change === key)).length);
  let first = true;
  const refresh = () => {
    filter();
    for (const button of filters.children) button.setAttribute("aria-pressed", String(button.dataset.show === choice.show));
    const list = visible();
    tree.frame.hidden = detail.hidden = list.length === 0;
    nothing.hidden = list.length > 0;
    tree.refresh(first ? list.find((i) => changed(rows[i])) : undefined);
    first = false;
  };
  const filters = h("div", { class: "ls-row", role: "group", "aria-label": "보기" },
    Object.entries(SHOW).filter(([key]) => key === "all" || tally(key)).map(([key, name]) => h("button", {
      type: "button", class: "ls-button", "data-show": key, "aria-pressed": "false",
      onclick: () => { choice.show = key; if (key !== "all") openChanged(); refresh(); },
    }, CHANGES[key] ? h("span", { class: `ls-overlay-sign ${CHANGES[key].class}`, "aria-hidden": "true" }, CHANGES[key].sign) : null, name, h("span", { class: "ls-overlay-count" }, ` ${count(tally(key))}`))));
  const nothing = h("p", { class: "ls-note ls-overlay-nothing" }, rows.length ? "해당하는 경로가 없다." : "세 디렉터리가 모두 비어 있다.");
  const openChanged = () => rows.forEach((row) => {
    if (changed(row)) for (let at = row.parent; at >= 0; at = rows[at].parent) open.add(at);
  });

  openChanged();
  if (rows.length <= 60) for (const [i, row] of rows.entries()) if (row.children.length) open.add(i);
  root.append(...[
    stack,
    data.partial ? h("p", { class: "ls-note ls-overlay-partial" }, "경로가 많아 upper가 건드린 것만 보여 준다.") : null,
    h("div", { role: "group", class: "ls-panel", "aria-label": "경로" },
      h("div", { class: "ls-overlay-tools" }, filters),
      h("div", { class: "ls-overlay-head ls-note ls-mono", "aria-hidden": "true" }, h("span", {}, "경로"), h("span", {}, "lower"), h("span", {}, "upper"), h("span", {}, "merged")),
      tree.frame, nothing, detail),
  ].filter(Boolean));
  refresh();
});
