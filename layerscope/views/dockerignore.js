// Docker's rules for .dockerignore in JavaScript; layerscope/dockerignore.py is their twin.

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
    let hit = parent.matched?.[i] ?? false;
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
