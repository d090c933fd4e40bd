// Shared by every view; base.py puts this text in front of the view's own module.

/** The AFM module of a view.  draw(root, data, signal) fills root; it may return a clean-up. */
function view(draw) {
  return {
    async render({ model, el }) {
      let stop = () => {};
      const show = async () => {
        stop();
        const controller = new AbortController();
        const root = h("div", { class: "ls" });
        // JupyterLab acts on single keys (arrows, Enter, d d) before we hear of them, unless the
        // focused element itself says that it wants them.
        root.addEventListener("focusin", (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true"));
        stop = () => controller.abort();
        try {
          const data = await inflate(model.get("payload"));
          if (controller.signal.aborted) return;
          el.replaceChildren(root);
          tooltips(root);
          const done = await draw(root, data, controller.signal);
          if (done) controller.signal.addEventListener("abort", done);
        } catch (error) {
          root.replaceChildren(h("p", { role: "alert" }, `그리지 못했다: ${error.message}`));
          el.replaceChildren(root);
          throw error;
        }
      };
      model.on("change:payload", show);
      await show();
      return () => {
        model.off("change:payload", show);
        stop();
      };
    },
  };
}

async function inflate(payload) {
  const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** h("button", {class: "x", onclick: f, style: {"--w": "3px"}}, "text", child) */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) node.style.setProperty(name, v);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

let lastId = 0;
const idSeed = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
/** An id that is unique on the page, whichever copy of this module made it. */
const uid = () => `ls-${idSeed}-${++lastId}`;

const count = (n) => n.toLocaleString("ko-KR");
const exact = (n) => `${count(n)}바이트`;

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

/** Whole bytes for people, with docker's three digits; the same as human() in layerscope/sizes.py. */
function bytes(n) {
  let value = n;
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return `${value} B`;
  // Go and Python round a half to the even digit, toPrecision() away from zero.  Exact halves are
  // odd multiples of 2 ** -(places + 1): less than a half takes them to the even digit below.
  const size = Math.abs(value);
  const places = 3 - String(Math.trunc(size)).length;
  const half = (size * 2 ** (places + 1)) % 2 === 1;
  if (half && Math.floor(size * 10 ** places) % 2 === 0) value -= Math.sign(value) * 10 ** -places / 4;
  return `${value.toPrecision(3)} ${UNITS[unit]}`;
}

const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)}%` : "0%");

/** sha256:0123456789ab…: enough to tell two digests apart by eye. */
const shortDigest = (digest) => (digest ? `${digest.slice(0, 19)}…` : "");

/** A number with its exact bytes on hover and on focus. */
const sizeText = (n, props = {}) => h("span", { ...props, class: `ls-num ${props.class ?? ""}`, "data-tip": exact(n) }, bytes(n));

/**
 * One tooltip for all [data-tip] in root: shown on hover and on focus, gone with Escape.
 * What it says must be reachable without it too (title text, aria-label or a detail panel).
 */
function tooltips(root) {
  const tip = h("div", { class: "ls-tip", role: "tooltip", id: uid(), hidden: true });
  root.append(tip);
  let owner = null;
  const hide = () => {
    owner?.removeAttribute("aria-describedby");
    owner = null;
    tip.hidden = true;
  };
  const show = (event) => {
    const target = event.target.closest?.("[data-tip]");
    if (target === owner) return;
    hide();
    if (!target) return;
    owner = target;
    tip.textContent = target.dataset.tip;
    if (!tip.isConnected) root.append(tip);
    tip.hidden = false;
    target.setAttribute("aria-describedby", tip.id);
    const frame = root.getBoundingClientRect();
    const box = target.getBoundingClientRect();
    const left = Math.min(Math.max(box.left - frame.left, 0), frame.width - tip.offsetWidth);
    const above = box.top - frame.top - tip.offsetHeight - 6;
    tip.style.left = `${Math.max(left, 0)}px`;
    tip.style.top = `${above >= 0 ? above : box.bottom - frame.top + 6}px`;
  };
  root.addEventListener("pointerover", show);
  root.addEventListener("focusin", show);
  root.addEventListener("pointerleave", hide);
  root.addEventListener("focusout", hide);
  root.addEventListener("keydown", (event) => event.key === "Escape" && hide());
}

/**
 * One tab stop for a group (listbox, radiogroup, toolbar): arrows, Home and End move the focus.
 * items() gives the elements in order; move(element) is called when the keyboard moves.
 * @param {(element: any) => void} [move]
 */
function roving(group, items, move = () => {}) {
  const set = (element) => {
    for (const item of items()) item.tabIndex = item === element ? 0 : -1;
  };
  set(items()[0]);
  group.addEventListener("focusin", (event) => {
    const item = items().find((one) => one.contains(event.target));
    if (item) set(item);
  });
  group.addEventListener("keydown", (event) => {
    const all = items();
    const now = all.findIndex((item) => item.contains(event.target));
    const to = {
      ArrowDown: now + 1, ArrowRight: now + 1, ArrowUp: now - 1, ArrowLeft: now - 1,
      Home: 0, End: all.length - 1,
    }[event.key];
    if (to === undefined || now < 0) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(to, 0), all.length - 1)];
    next.focus();
    move(next);
  });
  return set;
}
