// Draws the board anew every few seconds.  Whatever came from seats goes in as text, never as markup.
const EVERY = 4000; // ms
const STUCK = 10; // minutes since the first try that failed
const XSRF = document.querySelector("meta[name=xsrf]").content;
const $ = (id) => document.getElementById(id);
const make = (tag, text = "", attributes = {}) => {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
let data = null;
let chosen = null; // [learner, exercise] whose details are shown
let drawn = ""; // which rows and columns the table has
const cells = new Map();

const minutes = (from) => Math.max(0, Math.floor((Date.parse(data.now) - Date.parse(from)) / 60000));
const clock = (at) => new Date(at).toLocaleTimeString("ko", { hour: "2-digit", minute: "2-digit" });
const duration = (m) => (m < 60 ? `${m}분` : `${Math.floor(m / 60)}시간 ${m % 60}분`);

function state(cell) {
  if (!cell) return { kind: "none", short: "·", long: "아직 시작하지 않음" };
  if (cell.passed) return { kind: "passed", short: "✔", long: `통과 (${cell.tries}번째에, ${clock(cell.passed)})` };
  const since = minutes(cell.first);
  const kind = since >= STUCK ? "stuck" : "failing";
  const long = `${cell.tries}번 틀림, 처음 틀린 지 ${duration(since)}`;
  return { kind, short: `${kind === "stuck" ? "⚠" : ""}✘${cell.tries} ${duration(since)}`, long };
}

const shownExercises = () => data.exercises.filter((one) => one.id.startsWith($("lesson").value));
const longestStuck = (learner) =>
  Math.max(-1, ...shownExercises().map(({ id }) => learner.cells[id]).filter((cell) => cell && !cell.passed).map((cell) => minutes(cell.first)));
function shownLearners() {
  if ($("order").value === "seat") return data.learners;
  return [...data.learners].sort((a, b) => longestStuck(b) - longestStuck(a));
}

// ---- the table: built when rows or columns change, else only its cells are set, so that focus stays

function cellOf(learner, exercise) {
  const cell = make("td");
  const button = make("button", "", { type: "button" });
  button.addEventListener("click", () => { chosen = [learner.id, exercise.id]; detail(); });
  cell.append(button);
  cells.set(`${learner.id} ${exercise.id}`, button);
  return cell;
}

function build(learners, exercises) {
  cells.clear();
  const grid = $("grid");
  grid.replaceChildren();
  grid.classList.toggle("mine", !data.instructor);
  const head = grid.createTHead().insertRow();
  const body = grid.createTBody();
  const column = (text, title = "") => head.append(make("th", text, { scope: "col", ...(title && { title }) }));
  if (data.instructor) {
    column("이름");
    for (const exercise of exercises) column(exercise.id, exercise.title);
    for (const learner of learners) {
      const row = body.insertRow();
      row.append(make("th", learner.name, { scope: "row", title: `${learner.name} (${learner.id})` }));
      for (const exercise of exercises) row.append(cellOf(learner, exercise));
    }
  } else {
    for (const text of ["연습", "제목", "상태"]) column(text);
    for (const exercise of exercises) {
      const row = body.insertRow();
      row.append(make("th", exercise.id, { scope: "row" }), make("td", exercise.title), cellOf(learners[0], exercise));
    }
  }
}

function detail() {
  const learner = data.learners.find((one) => one.id === chosen?.[0]);
  const exercise = data.exercises.find((one) => one.id === chosen?.[1]);
  if (!learner || !exercise) return $("detail").replaceChildren();
  const cell = learner.cells[exercise.id];
  const lines = [make("strong", `${learner.name} · ${exercise.id} ${exercise.title}`), make("p", state(cell).long)];
  if (cell?.message) lines.push(make("p", `마지막 결과: ${cell.message}`));
  const text = lines.map((line) => line.textContent).join("\n");
  if ($("detail").dataset.text !== text) {
    $("detail").dataset.text = text;
    $("detail").replaceChildren(...lines);
  }
}

// Read aloud, so only when it says something new.
function say(text, kind = "") {
  if ($("summary").textContent !== text) $("summary").textContent = text;
  $("summary").className = kind;
}

function draw() {
  const learners = shownLearners();
  const exercises = shownExercises();
  const shape = JSON.stringify([learners.map((one) => [one.id, one.name]), exercises.map((one) => one.id)]);
  if (shape !== drawn) build(learners, exercises);
  drawn = shape;
  let passed = 0, stuck = 0;
  for (const learner of learners)
    for (const exercise of exercises) {
      const { kind, short, long } = state(learner.cells[exercise.id]);
      const button = cells.get(`${learner.id} ${exercise.id}`);
      if (button.textContent !== short) button.textContent = short;
      button.parentElement.className = kind;
      button.setAttribute("aria-label", `${learner.name} ${exercise.id}: ${long}`);
      passed += kind === "passed";
      stuck += kind === "stuck";
    }
  const who = data.instructor ? `참가자 ${learners.length}명 · ` : "";
  say(`${who}통과 ${passed} · 10분 넘게 막힘 ${stuck}`);
  detail();
}

async function refresh() {
  try {
    const answer = await fetch("data", { headers: { "X-XSRFToken": XSRF } });
    if (answer.status === 403) return setTimeout(() => window.location.reload(), EVERY); // signed out
    if (!answer.ok) throw new Error(answer.status);
    data = await answer.json();
    if ($("lesson").length === 1)
      for (const lesson of new Set(data.exercises.map((one) => one.id.slice(0, 2)))) $("lesson").append(make("option", lesson, { value: lesson }));
    $("controls").hidden = !data.instructor;
    draw();
  } catch {
    say("진도판이 답하지 않는다. 보이는 것은 마지막에 받은 것이고, 답하면 저절로 이어진다.", "late");
  }
  setTimeout(refresh, EVERY);
}
for (const id of ["lesson", "order"]) $(id).addEventListener("change", () => data && draw());
refresh();
