// --- The view ----------------------------------------------------------------------------------

const seconds = (n) => {
  if (n < 0.0995) return `${Math.round(n * 1000)}ms`;
  return n < 9.995 ? `${n.toFixed(2)}초` : n < 99.95 ? `${n.toFixed(1)}초` : `${Math.round(n)}초`;
};

const PREPARE = "준비";
const EXPORT = "내보내기";
const UNNAMED = "(이름 없음)";

/** Steps of one or two builds as rows; the same step of both builds is one row. */
function rowsOf(builds) {
  const rows = new Map();
  builds.forEach((build, side) => {
    build.steps.forEach((step, index) => {
      const key = step.kind === "stage" ? `${step.platform} ${step.stage} ${step.instruction.replace(/@sha256:[0-9a-f]{64}/u, "")}` : step.name;
      const seen = rows.get(key);
      // The same instruction twice in one build stays two rows.
      const id = seen?.steps[side] ? `${key} ${index}` : key;
      if (!rows.has(id)) rows.set(id, { steps: builds.map(() => null), step });
      rows.get(id).steps[side] = { ...step, index };
    });
  });
  return [...rows.values()];
}

/** FROM as the Dockerfile has it: without what BuildKit resolved the name to. */
const short = (instruction) => instruction.replace(/^(FROM )(?:docker\.io\/(?:library\/)?)?(.*?)(?:@sha256:[0-9a-f]{64})?$/u, "$1$2");

/** Rows by lane: what comes before, each stage, what comes after. */
function lanesOf(rows) {
  const lanes = new Map([[PREPARE, []]]);
  const last = [];
  for (const row of rows) {
    const { kind, stage, platform } = row.step;
    if (kind === "export") last.push(row);
    else {
      const name = kind === "internal" ? PREPARE : [stage || UNNAMED, platform].filter(Boolean).join(" · ");
      if (!lanes.has(name)) lanes.set(name, []);
      lanes.get(name).push(row);
    }
  }
  lanes.set(EXPORT, last);
  for (const lane of lanes.values()) lane.sort((a, b) => a.step.number - b.step.number);
  return [...lanes].filter(([, lane]) => lane.length);
}

/** The chain of steps that no other work hides: only shortening these makes the build shorter. */
function criticalPath(build) {
  const ended = (step) => step.to ?? -1;
  const done = build.steps.map((step, index) => ({ step, index })).filter(({ step }) => step.kind === "stage" && step.to !== null);
  if (!done.length) return new Set();
  let at = done.reduce((last, one) => (ended(one.step) > ended(last.step) ? one : last)).index;
  const path = new Set();
  while (at !== undefined && !path.has(at)) {
    path.add(at);
    const inputs = build.steps[at].inputs;
    at = inputs.length ? inputs.reduce((late, one) => (ended(build.steps[one]) > ended(build.steps[late]) ? one : late)) : undefined;
  }
  return new Set([...path].filter((index) => !build.steps[index].cached));
}

function ticks(length) {
  const rough = length / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const list = [];
  for (let n = 0; n * step <= length + step / 1e6; n += 1) list.push(n * step);
  return { list, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

const outcomeOf = (step) => {
  if (!step) return { word: "없음", state: "none" };
  if (step.error) return { word: "실패", state: "failed" };
  if (step.cached) return { word: "캐시", state: "cached" };
  if (step.from === null) return { word: "하지 않음", state: "none" };
  return { word: seconds(Math.max(0, (step.to ?? step.from) - step.from)), state: step.kind === "stage" ? "run" : "service" };
};

export default view((root, { builds }) => {
  const pair = builds.length === 2;
  const length = Math.max(...builds.map((build) => build.seconds), 1e-3);
  const critical = builds.map(criticalPath);
  const lanes = lanesOf(rowsOf(builds));
  const panelId = uid();

  const card = (build, side) =>
    h("div", { class: "ls-build-card" },
      pair ? h("h3", {}, build.label) : null,
      h("p", { class: "ls-build-total" }, seconds(build.seconds), build.error ? h("span", { class: "ls-build-failed" }, " 실패") : null),
      h("p", { class: "ls-note" }, `인스트럭션 ${build.instructions}단계 중 캐시 ${build.cached}단계`),
      h("p", { class: "ls-note" }, "컨텍스트 전송 ", sizeText(build.context)),
      pair ? h("div", { class: "ls-build-whole", "aria-hidden": "true" },
        h("span", { class: side ? "ls-build-bar" : "ls-build-bar ls-build-before", style: { width: `${(100 * build.seconds) / length}%` } })) : null);

  const verdict = () => {
    const [before, after] = builds.map((build) => build.seconds);
    const word = after <= before ? "줄었다" : "늘었다";
    const text = before > 0 ? `${seconds(Math.abs(before - after))} ${word} (${percent(Math.abs(before - after), before)})` : "";
    return h("p", { class: "ls-build-verdict" }, h("span", { "aria-hidden": "true" }, after <= before ? "▼ " : "▲ "), text);
  };

  const bar = (step, side) => {
    const { word, state } = outcomeOf(step);
    const track = h("span", { class: "ls-build-track", "aria-hidden": "true" });
    if (step && step.from !== null) {
      const width = Math.max(0, (step.to ?? step.from) - step.from);
      const kind = { cached: "ls-build-cached", failed: "ls-build-error", service: "ls-build-service", run: "" }[state];
      track.append(h("span", {
        class: `ls-build-bar ${kind} ${pair && !side ? "ls-build-before" : ""}`,
        style: { left: `${(100 * step.from) / length}%`, width: `${(100 * width) / length}%` },
      }));
    }
    const mark = step && critical[side].has(step.index) && state === "run" ? h("span", { class: "ls-build-mark", "aria-hidden": "true" }, "◆") : null;
    return [
      pair ? h("span", { class: "ls-build-side", "aria-hidden": "true" }, builds[side].label) : null,
      track,
      h("span", { class: `ls-build-time ls-num ls-build-is-${state}`, "aria-hidden": "true" }, mark, word),
    ];
  };

  const sentence = (row) =>
    `${row.step.name}: ${row.steps.map((step, side) => `${pair ? `${builds[side].label} ` : ""}${outcomeOf(step).word}${step && critical[side].has(step.index) ? ", 임계 경로" : ""}`).join(", ")}`;

  const rows = [];
  const chosen = { row: null };
  const panel = h("div", { class: "ls-panel ls-build-detail", id: panelId, role: "group", "aria-live": "polite", "aria-label": "단계 자세히" });

  const facts = (step, side) => {
    const build = builds[side];
    const list = [];
    const fact = (name, ...value) => list.push(h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    if (!step) return h("p", { class: "ls-note" }, "이 빌드에는 없는 단계다.");
    if (step.from !== null) {
      fact("시작", `${seconds(step.from)} 뒤`);
      if (!step.cached) fact("걸린 시간", step.to === null ? "끝나지 않음" : seconds(step.to - step.from));
    }
    fact("결과", step.error ? "실패" : step.cached ? "캐시 히트: 실행하지 않았다" : step.from === null ? "하지 않음" : "실행했다",
      critical[side].has(step.index) && !step.error ? " · 임계 경로(전체 시간을 정한 단계)" : "");
    for (const [name, size] of step.transfers) fact(name.replace(/:$/u, ""), sizeText(size));
    if (step.inputs.length) fact("기다린 단계", h("ul", {}, step.inputs.map((one) => h("li", {}, build.steps[one].name))));
    return [
      h("dl", {}, list),
      step.error ? h("p", { class: "ls-build-failed" }, step.error) : null,
      step.log ? h("pre", { class: "ls-build-log ls-mono", tabindex: 0, role: "group", "aria-label": "출력" }, step.logCut ? "…\n" : "", step.log) : null,
    ];
  };

  const choose = (row) => {
    for (const one of rows) one.button.setAttribute("aria-pressed", String(one.row === row));
    chosen.row = row;
    panel.replaceChildren(
      h("h3", {}, row.step.kind === "stage" ? row.step.instruction : row.step.name),
      h("div", { class: "ls-build-columns" }, row.steps.map((step, side) =>
        h("div", {}, pair ? h("h4", {}, builds[side].label) : null, facts(step, side)))),
    );
  };

  const rowNode = (row) => {
    const { step } = row;
    const label = step.kind === "stage"
      ? [h("span", { class: "ls-build-number ls-num" }, `${step.number}/${step.of}`), h("span", { class: "ls-build-what ls-mono ls-ellipsis" }, short(step.instruction))]
      : [h("span", { class: "ls-build-what ls-ellipsis" }, step.name.replace("[internal] ", ""))];
    const button = h("button", {
      type: "button", class: "ls-build-row", "aria-pressed": "false", "aria-controls": panelId,
      "aria-label": sentence(row), onclick: () => choose(row), title: step.name,
    }, h("span", { class: "ls-build-label" }, label), h("span", { class: "ls-build-bars" }, row.steps.map((one, side) => h("span", { class: "ls-build-line" }, bar(one, side)))));
    rows.push({ row, button });
    return h("li", {}, button);
  };

  const { list: marks, digits } = ticks(length);
  const axis = h("div", { class: "ls-build-axis", "aria-hidden": "true" }, h("span", { class: "ls-build-ruler" },
    marks.map((at) => h("span", { style: { left: `${(100 * at) / length}%` } }, `${at.toFixed(digits)}초`))));

  const chart = h("div", { class: `ls-panel ls-build-chart ${pair ? "ls-build-pair" : ""}`, role: "group", "aria-label": "단계별 시간 막대" }, axis,
    lanes.map(([name, lane]) => {
      const id = uid();
      const title = name === PREPARE || name === EXPORT ? name : h("span", {}, "스테이지 ", h("b", {}, name));
      return h("div", { role: "group", class: "ls-build-lane", "aria-labelledby": id }, h("h3", { id }, title), h("ol", {}, lane.map(rowNode)));
    }));
  chart.style.setProperty("--grid", `${(100 * (marks[1] ?? length)) / length}%`);

  const legend = h("ul", { class: "ls-build-legend ls-note" },
    h("li", {}, h("span", { class: "ls-build-swatch ls-build-bar" }), "실행"),
    h("li", {}, h("span", { class: "ls-build-swatch ls-build-bar ls-build-cached" }), "캐시"),
    h("li", {}, h("span", { class: "ls-build-swatch ls-build-bar ls-build-service" }), "준비·내보내기"),
    builds.some((build) => build.error) ? h("li", {}, h("span", { class: "ls-build-swatch ls-build-bar ls-build-error" }), "실패") : null,
    h("li", {}, h("span", { class: "ls-build-mark", "aria-hidden": "true" }, "◆"), "임계 경로: 이 단계가 줄어야 전체가 준다"));

  const warnings = builds.flatMap((build) => build.warnings);
  root.append(...[
    h("div", { class: `ls-build-cards ${pair ? "ls-build-two" : ""}` }, card(builds[0], 0), pair ? [verdict(), card(builds[1], 1)] : null),
    warnings.length ? h("ul", { class: "ls-note ls-build-warnings" }, [...new Set(warnings)].map((text) => h("li", {}, `경고: ${text}`))) : null,
    chart, legend, panel,
  ].filter(Boolean));
  roving(chart, () => rows.map((one) => one.button), (button) => button.click());
  // Begin at what is worth a look: the failure, else the longest step.
  const worth = (row) => Math.max(...row.steps.map((step) => (!step ? 0 : step.error ? Infinity : (step.to ?? 0) - (step.from ?? 0))));
  if (rows.length) choose(rows.map((one) => one.row).reduce((best, row) => (worth(row) > worth(best) ? row : best)));
  else panel.replaceChildren(h("p", { class: "ls-note" }, "로그에 단계가 없다."));
});
