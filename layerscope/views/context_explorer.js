// --- The view ----------------------------------------------------------------------------------

const KINDS = { f: "파일", d: "폴더", l: "심볼릭 링크", o: "특수 파일" };
const BUILDERS = { buildkit: "BuildKit", classic: "옛 빌더" };

function readEntries({ names, depths, kinds, sizes }) {
  const at = []; // index of the last entry of each depth
  return (depths.length ? names.split("/") : []).map((name, i) => {
    const depth = depths[i];
    at[depth] = i;
    const parent = depth ? at[depth - 1] : -1;
    return { name, depth, parent, kind: kinds[i], size: sizes[i], path: "", children: [] };
  });
}

export default view((root, data) => {
  const entries = readEntries(data);
  const top = [];
  const files = entries.filter((entry) => entry.kind !== "d").length;
  entries.forEach((entry, i) => {
    const parent = entries[entry.parent];
    entry.path = parent ? `${parent.path}/${entry.name}` : entry.name;
    entry.secret = data.secrets[i];
    entry.total = entry.size;
    (parent ? parent.children : top).push(i);
  });
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    if (entries[i].parent >= 0) entries[entries[i].parent].total += entries[i].total;
  }
  const total = top.reduce((sum, i) => sum + entries[i].total, 0);
  const bySize = (a, b) => entries[b].total - entries[a].total || (entries[a].name < entries[b].name ? -1 : 1);
  top.sort(bySize);
  for (const entry of entries) entry.children.sort(bySize);

  const open = new Set();
  const choice = { builder: data.builder, show: "all" };
  let patterns = [];
  let now; // the row that the tree points at
  const shown = new Uint8Array(entries.length).fill(1);

  // --- the pattern box
  const errorId = uid();
  const box = h("textarea", {
    class: "ls-input ls-mono ls-context-box", rows: 9, spellcheck: "false", autocapitalize: "off", autocomplete: "off", wrap: "off",
    "aria-label": `${data.source} 패턴`, "aria-describedby": errorId, placeholder: "예: **/__pycache__",
  });
  box.value = data.text;
  const error = h("p", { class: "ls-context-error", id: errorId, role: "alert" });
  const back = h("button", { type: "button", class: "ls-button", onclick: () => { box.value = data.text; update(); } }, "원래대로");
  const builders = h("div", { class: "ls-row", role: "radiogroup", "aria-label": "빌더" },
    Object.entries(BUILDERS).map(([key, name]) => h("button", {
      type: "button", class: "ls-button", role: "radio", "data-builder": key, "aria-checked": String(key === choice.builder),
      onclick: () => { choice.builder = key; update(); },
    }, name)));
  const effects = h("ol", { class: "ls-context-patterns", "aria-label": "패턴마다 한 일" });

  // --- the numbers
  const figures = h("div", { class: "ls-context-figures", "aria-live": "polite" });
  const alarm = h("div", { class: "ls-context-alarm", role: "status" });

  // --- the tree
  const detail = h("div", { class: "ls-context-detail", "aria-live": "polite" });
  const matchesFilter = (i) => ({
    all: true, in: entries[i].arrives, out: !entries[i].arrives, secret: entries[i].secret !== undefined,
  })[choice.show];
  const filter = () => {
    for (let i = entries.length - 1; i >= 0; i -= 1) {
      const entry = entries[i];
      const own = choice.show === "all" || ((entry.kind !== "d" || !entry.children.length) && matchesFilter(i));
      shown[i] = own || entry.children.some((child) => shown[child]) ? 1 : 0;
    }
  };
  const rows = () => {
    const list = [];
    const walk = (children) => {
      for (const i of children) {
        if (!shown[i]) continue;
        list.push(i);
        if (open.has(i)) walk(entries[i].children);
      }
    };
    walk(top);
    return list;
  };
  const unfold = (wanted) => entries.forEach((entry, i) => {
    if (wanted(entry)) open.add(i);
  });
  const fate = (entry) => {
    if (entry.kind !== "d") return entry.arrives ? ["●", "도착", "ls-context-in"] : ["○", "제외", "ls-context-out"];
    if (!entry.arrives) return ["○", "제외", "ls-context-out"];
    return entry.outside ? ["◐", "일부 도착", "ls-context-part"] : ["●", "도착", "ls-context-in"];
  };
  const tree = virtualTree({
    label: "빌드 컨텍스트", rows, level: (i) => entries[i].depth + 1,
    describe: (i) => {
      const entry = entries[i];
      const [sign, word, style] = fate(entry);
      const amount = entry.kind === "d" && entry.arriving !== entry.total ? `${bytes(entry.arriving)} / ${bytes(entry.total)}` : bytes(entry.total);
      return {
        expanded: entry.kind === "d" && entry.children.length ? open.has(i) : undefined,
        label: `${entry.name}, ${KINDS[entry.kind]}, ${word}, ${amount}${entry.secret ? `, 비밀로 보임: ${entry.secret}` : ""}${entry.pattern ? `, 패턴 ${entry.pattern.source}` : ""}`,
        cells: [
          h("span", { class: `ls-context-sign ${style}`, "aria-hidden": "true" }, sign),
          h("span", { class: `ls-context-name ls-ellipsis ${entry.arrives ? "" : "ls-context-gone"}` }, entry.name, entry.kind === "d" ? "/" : ""),
          entry.secret ? h("span", { class: `ls-context-secret ${entry.arrives ? "ls-context-leak" : ""}` }, "비밀?") : null,
          entry.pattern ? h("span", { class: "ls-context-by ls-mono ls-ellipsis" }, entry.pattern.source) : null,
          h("span", { class: "ls-context-size ls-num" }, amount),
        ],
      };
    },
    toggle: (i) => (open.has(i) ? open.delete(i) : open.add(i)),
    current: (i) => {
      now = i;
      const entry = entries[i];
      const [, word] = fate(entry);
      const because = entry.pattern
        ? [`${entry.pattern.line}번째 줄 `, h("code", { class: "ls-mono" }, entry.pattern.source), entry.pattern.negated ? " → 되살림." : " → 제외."]
        : ["맞는 패턴이 없어 도착한다."];
      const only = entry.kind === "d" && entry.arrives && entry.pattern && !entry.pattern.negated ? " 그 안에 도착하는 것이 있어 폴더는 만들어진다." : "";
      detail.replaceChildren(...[
        h("p", { class: "ls-mono ls-context-path" }, entry.path),
        h("p", {}, `${KINDS[entry.kind]} · ${word} · ${exact(entry.total)}`, entry.kind === "d" ? ` 중 ${exact(entry.arriving)} 도착` : ""),
        h("p", {}, because, only),
        entry.secret ? h("p", { class: entry.arrives ? "ls-context-warn" : "" }, `비밀로 보이는 이름: ${entry.secret}`) : null,
      ].filter(Boolean));
    },
  });
  const FILTERS = { all: "전체", in: "도착", out: "제외", secret: "비밀" };
  const filters = h("div", { class: "ls-row", role: "group", "aria-label": "보기" },
    Object.entries(FILTERS).map(([key, name]) => h("button", {
      type: "button", class: "ls-button", "data-show": key, "aria-pressed": String(key === "all"),
      onclick: () => { choice.show = key; if (key !== "all") unfold((entry) => entry.depth < 3); refresh(); },
    }, name, h("span", { class: "ls-context-count" }))));
  const nothing = h("p", { class: "ls-note ls-context-nothing" }, "해당하는 파일이 없다.");

  const refresh = () => {
    filter();
    const list = rows();
    nothing.hidden = list.length > 0;
    tree.frame.hidden = detail.hidden = list.length === 0;
    for (const button of filters.children) button.setAttribute("aria-pressed", String(button.dataset.show === choice.show));
    tree.refresh(now);
  };

  const figure = (name, size, number, fill) =>
    h("div", {}, h("dt", {}, h("span", { class: `ls-swatch ${fill}` }), name), h("dd", {}, h("strong", {}, bytes(size)), ` ${count(number)}개`));

  const update = () => {
    let result;
    try {
      const parsed = parsePatterns(box.value);
      result = applyPatterns(entries, parsed, choice.builder);
      patterns = parsed;
    } catch (problem) {
      if (!(problem instanceof PatternError)) throw problem;
      // What was last valid stays in sight.
      error.textContent = `⚠ ${problem.message}. 엔진도 여기서 빌드를 멈춘다.`;
      box.setAttribute("aria-invalid", "true");
      return;
    }
    error.textContent = "";
    box.removeAttribute("aria-invalid");
    for (const button of builders.children) button.setAttribute("aria-checked", String(button.dataset.builder === choice.builder));

    const sums = new Map(patterns.map((pattern) => [pattern, { files: 0, bytes: 0 }]));
    let sent = 0;
    let arriving = 0;
    const secrets = { in: [], all: 0 };
    entries.forEach((entry, i) => {
      entry.arrives = result.arrives[i];
      entry.pattern = result.deciders[i];
      entry.arriving = entry.arrives ? entry.size : 0;
      entry.outside = false;
      if (entry.kind === "d") return;
      const sum = sums.get(entry.pattern);
      if (sum) {
        sum.files += 1;
        sum.bytes += entry.size;
      }
      if (entry.arrives) {
        arriving += 1;
        sent += entry.size;
      }
      if (entry.secret) {
        secrets.all += 1;
        if (entry.arrives) secrets.in.push(i);
      }
    });
    for (let i = entries.length - 1; i >= 0; i -= 1) {
      const parent = entries[entries[i].parent];
      if (!parent) continue;
      parent.arriving += entries[i].arriving;
      parent.outside ||= !entries[i].arrives || entries[i].outside;
    }

    figures.replaceChildren(
      h("dl", {},
        figure("도착", sent, arriving, "ls-fill-visible"),
        figure("제외", total - sent, files - arriving, "ls-context-stripes")),
      h("div", { class: "ls-bar", role: "img", "aria-label": `${percent(sent, total)} 도착` },
        h("span", { class: "ls-fill-visible", style: { width: `${total ? (100 * sent) / total : 0}%` } }),
        h("span", { class: "ls-context-stripes", style: { width: `${total ? 100 - (100 * sent) / total : 0}%` } })));

    alarm.className = `ls-context-alarm ${secrets.in.length ? "ls-context-warn" : "ls-context-safe"}`;
    alarm.hidden = secrets.all === 0;
    alarm.replaceChildren(
      secrets.in.length ? `⚠ 비밀로 보이는 파일 ${count(secrets.in.length)}개가 도착한다: ` : `✓ 비밀로 보이는 파일 ${count(secrets.all)}개를 모두 제외했다.`,
      ...secrets.in.slice(0, 6).flatMap((i, n) => [n ? ", " : "", h("code", { class: "ls-mono" }, entries[i].path)]),
      secrets.in.length > 6 ? ` 외 ${count(secrets.in.length - 6)}개` : "");

    effects.replaceChildren(...patterns.map((pattern) => {
      const sum = sums.get(pattern);
      const did = sum.files
        ? `${pattern.negated ? "되살림" : "제외"} ${count(sum.files)}개 · ${bytes(sum.bytes)}`
        : "결정한 파일 없음";
      return h("li", { class: sum.files ? "" : "ls-context-idle" },
        h("span", { class: "ls-context-line ls-num" }, pattern.line),
        h("code", { class: "ls-mono" }, pattern.source),
        h("span", { class: "ls-num" }, did));
    }));

    const counts = { all: files, in: arriving, out: files - arriving, secret: secrets.all };
    for (const button of filters.children) button.lastChild.textContent = ` ${count(counts[button.dataset.show])}`;
    refresh();
  };

  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  const names = h("div", { class: "ls-context-columns ls-note", "aria-hidden": "true" }, h("span", {}, "결정한 패턴"), h("span", {}, "도착 / 전체"));

  root.append(
    h("div", { class: "ls-context-top" }, figures, alarm),
    h("div", { class: "ls-context-grid" },
      h("div", { role: "group", class: "ls-panel ls-context-left", "aria-label": "패턴" },
        h("div", { class: "ls-row ls-context-head" }, h("h3", { class: "ls-mono" }, data.source), back),
        box, error, builders,
        h("h4", {}, "패턴마다 한 일"), effects),
      h("div", { role: "group", class: "ls-panel ls-context-right", "aria-label": "파일" },
        h("div", { class: "ls-context-tools" }, filters, names),
        tree.frame, nothing, detail)));
  roving(builders, () => [...builders.children], (button) => button.click());
  update();
  if (entries.length <= 60) {
    unfold((entry) => entry.arrives);
    refresh();
  }
  return () => clearTimeout(waiting);
});
