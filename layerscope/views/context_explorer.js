// --- Docker's rules for .dockerignore; the same as layerscope/dockerignore.py --------------------

class PatternError extends Error {
  constructor(line, source, reason) {
    super(`${line}번째 줄: ${reason}`);
    Object.assign(this, { line, source, reason });
  }
}

const SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";
const BOM = "\ufeff";

function strip(text) {
  let from = 0;
  let to = text.length;
  while (from < to && SPACE.includes(text[from])) from += 1;
  while (to > from && SPACE.includes(text[to - 1])) to -= 1;
  return text.slice(from, to);
}

/** Go's filepath.Clean. */
function clean(path) {
  const rooted = path.startsWith("/");
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length && parts.at(-1) !== "..") parts.pop();
    else if (!rooted) parts.push("..");
  }
  const joined = (rooted ? "/" : "") + parts.join("/");
  return joined || ".";
}

function normalise(source) {
  const bang = source.startsWith("!") ? "!" : "";
  let body = strip(source.slice(bang.length));
  if (body) {
    body = clean(body);
    if (body.length > 1 && body[0] === "/") body = body.slice(1);
  }
  const text = strip(bang + body);
  return text ? clean(text) : "";
}

/** The patterns of an ignore file: {line, source, text, negated, matches(path), start}. */
function parsePatterns(text) {
  const patterns = [];
  const lines = (text.startsWith(BOM) ? text.slice(1) : text).split("\n");
  lines.forEach((raw, index) => {
    if (raw.startsWith("#")) return;
    const source = strip(raw);
    if (!source) return;
    const cleaned = normalise(source);
    if (!cleaned) return;
    const line = index + 1;
    const negated = cleaned[0] === "!";
    const body = negated ? cleaned.slice(1) : cleaned;
    if (!body) throw new PatternError(line, source, "'!' 뒤에 패턴이 없다");
    const problem = syntaxProblem(body);
    if (problem) throw new PatternError(line, source, problem);
    const start = body.replace(/\/\*\*$/u, "").replace(/\/\*$/u, "");
    patterns.push({ line, source, text: body, negated, start, matches: matcher(line, source, body) });
  });
  return patterns;
}

/** What Go's filepath.Match finds wrong with a pattern, or "". */
function syntaxProblem(pattern) {
  const chars = Array.from(pattern);
  let at = 0;
  const member = () => {
    if (at >= chars.length || chars[at] === "-" || chars[at] === "]") return false;
    at += chars[at] === "\\" ? 2 : 1;
    return at < chars.length;
  };
  while (at < chars.length) {
    const char = chars[at];
    if (char === "\\") {
      at += 2;
      if (at > chars.length) return "'\\' 뒤에 글자가 없다";
      continue;
    }
    at += 1;
    if (char !== "[") continue;
    if (chars[at] === "^") at += 1;
    let members = 0;
    while (!(members && chars[at] === "]")) {
      if (!member()) return "'[' 를 닫지 않았거나 그 안이 비었다";
      if (chars[at] === "-") {
        at += 1;
        if (!member()) return "'[' 안의 범위가 끝나지 않았다";
      }
      members += 1;
    }
    at += 1;
  }
  return "";
}

function matcher(line, source, pattern) {
  const { form, expression } = compile(pattern);
  if (form === "exact") return (path) => path === pattern;
  if (form === "prefix") return (path) => path.startsWith(pattern.slice(0, -2));
  if (form === "suffix") {
    const tail = pattern.slice(2);
    return (path) => path.endsWith(tail) || (tail[0] === "/" && path === tail.slice(1));
  }
  try {
    const regexp = new RegExp(toJavaScript(Array.from(expression)), "u");
    return (path) => regexp.test(path);
  } catch (error) {
    return () => {
      throw new PatternError(line, source, error.message);
    };
  }
}

/** How the engine compares, and the expression that it builds for that (RE2 syntax). */
function compile(pattern) {
  const rest = Array.from(pattern.startsWith(BOM) ? pattern.slice(1) : pattern);
  let form = "exact";
  let out = "^";
  let at = 0;
  while (at < rest.length) {
    const first = at === 0;
    const char = rest[at];
    at += 1;
    if (char === "*" && rest[at] === "*") {
      at += 1;
      if (rest[at] === "/") at += 1;
      if (at < rest.length) {
        out += "(.*/)?";
        form = "expression";
      } else if (form === "exact") {
        form = "prefix";
      } else {
        out += ".*";
        form = "expression";
      }
      if (first) form = "suffix";
    } else if (char === "*" || char === "?") {
      out += char === "*" ? "[^/]*" : "[^/]";
      form = "expression";
    } else if (".+()|{}$".includes(char)) {
      out += `\\${char}`;
    } else if (char === "\\") {
      out += `\\${rest[at]}`;
      at += 1;
      form = "expression";
    } else {
      out += char;
      if (char === "[" || char === "]") form = "expression";
    }
  }
  return { form, expression: `${out}$` };
}

const PERL = { d: "0-9", s: "\\t\\n\\f\\r ", w: "0-9A-Za-z_" };
const POSIX = {
  alnum: "0-9A-Za-z", alpha: "A-Za-z", ascii: "\\x00-\\x7f", blank: "\\t ", cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9", graph: "!-~", lower: "a-z", print: " -~", punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\t\\n\\v\\f\\r ", upper: "A-Z", word: "0-9A-Za-z_", xdigit: "0-9A-Fa-f",
};
const CONTROL = { a: "\x07", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
const code = (char) => `\\u{${char.codePointAt(0).toString(16)}}`;
const literal = (char) => (/^[0-9A-Za-z]$/u.test(char) ? char : code(char));
const complement = (members) => {
  const inside = new RegExp(`[${members}]`, "u");
  let out = "";
  for (let n = 0; n < 0x80; n += 1) if (!inside.test(String.fromCharCode(n))) out += code(String.fromCharCode(n));
  return `${out}\\x80-\\u{10ffff}`;
};

/** compile()'s expression, read as Go reads it and said as JavaScript says it. */
function toJavaScript(go) {
  let out = "";
  let at = 0;
  while (at < go.length) {
    const char = go[at];
    if (char === "[") [out, at] = charClass(go, at, out);
    else if (char === "\\") [out, at] = escaped(go, at, out);
    else {
      at += 1;
      out += { ".": "[^\\n]", "(": "(?:" }[char] ?? ("*?)^$".includes(char) ? char : literal(char));
    }
  }
  return out;
}

function escaped(go, at, out) {
  const letter = go[at + 1];
  const anchor = { A: "^", b: "\\b", B: "\\B", z: "$" }[letter];
  if (anchor) return [out + anchor, at + 2];
  if (letter === "Q") {
    let end = at + 2;
    while (end < go.length && !(go[end] === "\\" && go[end + 1] === "E")) end += 1;
    return [out + go.slice(at + 2, end).map(literal).join(""), Math.min(end + 2, go.length)];
  }
  const members = PERL[letter.toLowerCase()];
  if (members) return [`${out}[${letter in PERL ? "" : "^"}${members}]`, at + 2];
  const [char, next] = character(go, at);
  return [out + literal(char), next];
}

/** One character, escaped or not, and where the next begins. */
function character(go, start) {
  let at = start;
  if (at >= go.length) throw new Error("'[' 를 닫지 않았다");
  if (go[at] !== "\\") return [go[at], at + 1];
  at += 1;
  if (at >= go.length) throw new Error("'\\' 뒤에 글자가 없다");
  const char = go[at];
  at += 1;
  const octal = (one) => one >= "0" && one <= "7" && one.length === 1;
  if (octal(char) && (char === "0" || (at < go.length && octal(go[at])))) {
    let end = at;
    while (end < at + 2 && end < go.length && octal(go[end])) end += 1;
    return [String.fromCodePoint(parseInt(go.slice(at - 1, end).join(""), 8)), end];
  }
  if (char === "x") {
    const digits = go.slice(at, at + 2).join("");
    if (/^[0-9a-f]{2}$/iu.test(digits)) return [String.fromCodePoint(parseInt(digits, 16)), at + 2];
  } else if (char in CONTROL) {
    return [CONTROL[char], at];
  } else if (char <= "\x7f" && !/[0-9A-Za-z]/u.test(char)) {
    return [char, at];
  }
  throw new Error(`'\\${char}' 는 쓸 수 없는 표기다`);
}

function charClass(go, start, before) {
  let at = start + 1;
  let out = `${before}[`;
  if (go[at] === "^") {
    out += "^";
    at += 1;
  }
  let first = true;
  while (first || go[at] !== "]") {
    first = false;
    if (go[at] === "[" && go[at + 1] === ":") {
      let end = at + 2;
      while (end < go.length && !(go[end] === ":" && go[end + 1] === "]")) end += 1;
      if (end < go.length) {
        const name = go.slice(at + 2, end).join("");
        const members = POSIX[name.replace(/^\^/u, "")];
        if (!members) throw new Error(`[:${name}:] 라는 문자 집합은 없다`);
        out += name[0] === "^" ? complement(members) : members;
        at = end + 2;
        continue;
      }
    }
    const letter = go[at] === "\\" ? go[at + 1] : undefined;
    const perl = letter && PERL[letter.toLowerCase()];
    if (perl) {
      out += letter in PERL ? perl : complement(perl);
      at += 2;
      continue;
    }
    let low;
    let high;
    [low, at] = character(go, at);
    high = low;
    if (go[at] === "-" && go[at + 1] !== undefined && go[at + 1] !== "]") {
      [high, at] = character(go, at + 1);
      if (high.codePointAt(0) < low.codePointAt(0)) throw new Error(`범위 ${low}-${high} 의 앞뒤가 바뀌었다`);
    }
    out += `${code(low)}-${code(high)}`;
  }
  return [`${out}]`, at + 1];
}

const TOP = { excluded: false, pattern: null, matched: null, open: true };

/** What is known of a path, given what is known of its parent. */
function look(patterns, path, parent, builder) {
  if (!parent.open) return parent;
  let excluded = false;
  let pattern = null;
  const matched = new Array(patterns.length);
  for (let i = 0; i < patterns.length; i += 1) {
    const one = patterns[i];
    let hit = parent.matched !== null && parent.matched[i];
    // A pattern that could change nothing is not even tried, nor remembered for the children.
    if (!hit && one.negated === excluded) hit = one.matches(path);
    matched[i] = hit;
    if (hit && one.negated === excluded) {
      excluded = !excluded;
      pattern = one;
    }
  }
  return { excluded, pattern, matched, open: !excluded || mayReopen(patterns, path, builder) };
}

function mayReopen(patterns, path, builder) {
  const modern = builder === "buildkit";
  const starts = patterns.filter((one) => one.negated).map((one) => (modern ? one.start : one.text));
  if (modern && starts.some((start) => /[*[\]?^\\]/u.test(start))) return true;
  return starts.some((start) => `${start}/`.startsWith(`${path}/`));
}

/**
 * Who arrives: for each entry {path, parent (index or -1), kind}, parents first, true or false and
 * the pattern that decided.
 */
function applyPatterns(entries, patterns, builder) {
  const looks = new Array(entries.length);
  for (let i = 0; i < entries.length; i += 1) {
    const { path, parent } = entries[i];
    looks[i] = look(patterns, path, parent < 0 ? TOP : looks[parent], builder);
  }
  const arrives = looks.map((one) => !one.excluded);
  // A directory comes along with anything in it that arrives.
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    if (arrives[i] && entries[i].parent >= 0) arrives[entries[i].parent] = true;
  }
  return { arrives, deciders: looks.map((one) => one.pattern) };
}

export { applyPatterns, parsePatterns, PatternError };

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
  let shown = new Uint8Array(entries.length).fill(1);

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
      onclick: () => { choice.show = key; if (key !== "all") entries.forEach((entry, i) => entry.depth < 3 && open.add(i)); refresh(); },
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
    entries.forEach((entry, i) => entry.arrives && open.add(i));
    refresh();
  }
  return () => clearTimeout(waiting);
});
