// --- The view ----------------------------------------------------------------------------------

const LANES = {
  CLI: ["cli", "사람이 친 명령"], dockerd: ["dockerd", "API와 이미지·네트워크"], containerd: ["containerd", "컨테이너 수명 관리"],
  shim: ["shim", "컨테이너마다 하나"], runc: ["runc", "만들고 사라진다"], 프로세스: ["process", "컨테이너 안의 프로그램"],
};
const since = (seconds) => (seconds < 0.9995 ? `+${(seconds * 1000).toFixed(1)}ms` : `+${seconds.toFixed(3)}초`);
const gap = (seconds) => (seconds < 0.9995 ? `${(seconds * 1000).toFixed(1)}ms` : `${seconds.toFixed(2)}초`);

export default view((root, { lanes, events }) => {
  if (!events.length) {
    root.append(h("p", { class: "ls-note" }, "사건이 없다."));
    return;
  }
  const length = Math.max(events.at(-1).at, 1e-6);
  const ROW = 36;
  const choice = { scale: "order", event: 0 };
  const place = (i) => (choice.scale === "order" ? (i + 0.5) / events.length : 0.03 + (0.94 * events[i].at) / length);
  const middle = (event) => (lanes.indexOf(event.lane) + 0.5) * ROW;
  const style = (lane) => `ls-journey-${LANES[lane][0]}`;

  // --- the chart: for the eye and the mouse; the list says and does the same for everybody
  const plot = h("div", { class: "ls-journey-plot", style: { height: `${lanes.length * ROW}px` } });
  const chart = h("div", { class: "ls-journey-chart", "aria-hidden": "true" },
    h("div", { class: "ls-journey-names" }, lanes.map((lane) => h("div", { style: { height: `${ROW}px` } },
      h("b", { class: "ls-mono" }, lane), h("span", {}, LANES[lane][1])))),
    h("div", { class: "ls-journey-scroll" }, plot));
  const drawing = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const draw = () => {
    plot.style.minWidth = choice.scale === "order" ? `${events.length * 26}px` : "0";
    const svg = drawing("svg", { viewBox: `0 0 1000 ${lanes.length * ROW}`, preserveAspectRatio: "none" });
    svg.append(...lanes.map((_, n) => drawing("line", { x1: 0, x2: 1000, y1: (n + 0.5) * ROW, y2: (n + 0.5) * ROW, class: "ls-journey-lane" })));
    const points = events.map((event, i) => `${(1000 * place(i)).toFixed(2)},${middle(event)}`).join(" ");
    svg.append(drawing("polyline", { points, class: "ls-journey-path" }));
    plot.replaceChildren(svg, ...events.map((event, i) => h("span", {
      class: `ls-journey-dot ${style(event.lane)} ${i === choice.event ? "ls-journey-now" : ""} ${choice.scale === "time" ? "ls-journey-small" : ""}`,
      style: { left: `${100 * place(i)}%`, top: `${middle(event)}px` },
      "data-event": i, "data-tip": `${i + 1}. ${event.lane}: ${event.label} ${since(event.at)}`,
    }, choice.scale === "time" && i !== choice.event ? "" : i + 1)));
    const scroll = plot.parentNode;
    const at = place(choice.event) * plot.offsetWidth;
    if (at < scroll.scrollLeft + 30 || at > scroll.scrollLeft + scroll.clientWidth - 30) scroll.scrollLeft = at - scroll.clientWidth / 2;
  };
  plot.addEventListener("click", (event) => {
    const dot = event.target.closest("[data-event]");
    if (dot) choose(Number(dot.dataset.event), true);
  });

  // --- the list
  const detail = h("div", { class: "ls-journey-detail", "aria-live": "polite" });
  const items = events.map((event, i) => h("button", {
    type: "button", class: "ls-journey-item", "aria-pressed": "false", onclick: () => choose(i),
    "aria-label": `${i + 1}. ${event.lane}: ${event.label}, ${since(event.at)}`,
  }, h("span", { class: "ls-journey-number ls-num" }, i + 1),
  h("span", { class: "ls-journey-when ls-num" }, since(event.at)),
  h("span", { class: `ls-journey-who ls-mono ${style(event.lane)}` }, event.lane),
  h("span", { class: "ls-journey-what ls-ellipsis" }, event.label)));
  const list = h("ol", { class: "ls-journey-list", "aria-label": "사건" }, items.map((item) => h("li", {}, item)));

  const show = (node) => {
    const box = list.getBoundingClientRect();
    const one = node.getBoundingClientRect();
    if (one.top < box.top) list.scrollTop -= box.top - one.top;
    else if (one.bottom > box.bottom) list.scrollTop += one.bottom - box.bottom;
  };
  const choose = (i, scroll) => {
    choice.event = i;
    const event = events[i];
    for (const item of items) item.setAttribute("aria-pressed", String(item === items[i]));
    tabStop(items[i]);
    if (scroll) show(items[i]);
    draw();
    const before = events[i - 1];
    detail.replaceChildren(...[
      h("h3", {}, h("span", { class: `ls-journey-who ls-mono ${style(event.lane)}` }, event.lane), " ", event.label),
      h("p", { class: "ls-note" }, `${i + 1}/${events.length} · 시작부터 ${since(event.at)}`, before ? ` · 앞 사건(${before.lane}: ${before.label})에서 ${gap(event.at - before.at)}` : ""),
      event.detail ? h("pre", { class: "ls-mono ls-journey-text", tabindex: 0, role: "group", "aria-label": "자세한 내용" }, event.detail) : null,
      h("div", { class: "ls-row" },
        h("button", { type: "button", class: "ls-button", disabled: i === 0, onclick: () => step(-1) }, "◀ 이전"),
        h("button", { type: "button", class: "ls-button", disabled: i === events.length - 1, onclick: () => step(1) }, "다음 ▶")),
    ].filter(Boolean));
  };
  const step = (by) => {
    choose(choice.event + by, true);
    // The pressed button was drawn anew: the focus stays with it, or with its twin at either end.
    const [previous, next] = detail.querySelectorAll("button");
    const wanted = by < 0 ? previous : next;
    (wanted.disabled ? (by < 0 ? next : previous) : wanted).focus();
  };

  const scales = h("div", { class: "ls-row", role: "radiogroup", "aria-label": "가로축" },
    [["order", "순서대로"], ["time", "실제 시간"]].map(([key, name]) => h("button", {
      type: "button", class: "ls-button", role: "radio", "aria-checked": String(key === choice.scale), "data-scale": key,
      onclick: () => {
        choice.scale = key;
        for (const button of scales.children) button.setAttribute("aria-checked", String(button.dataset.scale === key));
        draw();
      },
    }, name)));

  root.append(
    h("div", { class: "ls-journey-top" },
      h("p", {}, h("strong", {}, gap(length)), h("span", { class: "ls-note" }, ` 동안 사건 ${count(events.length)}개`)), scales),
    h("div", { class: "ls-panel" }, chart),
    h("div", { class: "ls-journey-grid" },
      h("div", { role: "group", class: "ls-panel", "aria-label": "사건 목록" }, list),
      h("div", { role: "group", class: "ls-panel", "aria-label": "사건 자세히" }, detail)));
  roving(scales, () => [...scales.children], (button) => button.click());
  const tabStop = roving(list, () => items, (item) => item.click());
  choose(0);
});
