// The quiz of a lesson.  base.js stands in front of this text.

export default view((root, data) => {
  const results = data.questions.map(() => null);
  const score = h("p", { class: "ls-note", role: "status" });
  const tell = () => {
    const done = results.filter((one) => one !== null).length;
    const right = results.filter((one) => one === true).length;
    score.textContent = done ? `${results.length}문제 가운데 ${done}문제에 답했고, 처음에 맞힌 것은 ${right}문제다.` : "하나를 고르면 까닭이 나온다.";
  };
  root.append(h("h3", {}, data.title), score, ...data.questions.map((one, index) => question(one, index, (right) => {
    if (results[index] === null) results[index] = right;
    tell();
  })));
  tell();
});

/** One question: the first choice counts, every later one still explains itself. */
function question(one, index, chosen) {
  const group = uid();
  const answer = h("div", { class: "ls-quiz-why", "aria-live": "polite" });
  const options = one.options.map((option, place) => {
    const input = h("input", {
      type: "radio",
      name: group,
      value: place,
      onchange: () => {
        for (const label of list.children) label.removeAttribute("data-verdict");
        input.closest("label").dataset.verdict = option.right ? "right" : "wrong";
        answer.replaceChildren(
          h("p", {}, h("strong", {}, option.right ? "✔ 맞다. " : "✘ 아니다. "), rich(option.why)),
        );
        chosen(option.right);
      },
    });
    return h("label", { class: "ls-quiz-option" }, input, h("span", {}, rich(option.text)));
  });
  const list = h("div", { class: "ls-quiz-options" }, options);
  return h(
    "fieldset",
    { class: "ls-panel ls-quiz" },
    h("legend", {}, `${index + 1}. `, rich(one.question)),
    one.code ? h("pre", { class: "ls-mono", tabindex: "0" }, one.code) : null,
    list,
    answer,
  );
}

/** Text with `code` in it. */
function rich(text) {
  return text.split("`").map((part, place) => (place % 2 ? h("code", { class: "ls-mono" }, part) : part));
}
