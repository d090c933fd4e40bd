// Korean search, and its texts only for those who search.
//
// Material's worker takes lunr queries.  A word is sent without its particle or ending, a Hangul word
// also with a leading wildcard (시스템 finds 파일시스템); a word that the site writes apart is sent
// apart (파일시스템 → 파일 시스템).  All words are asked for, if one section has them all.
// Material fetches search_index.json with every page; tools/build-site leaves only the settings in
// it.  The texts are fetched when the search box is first used.
// Both depend on Material's messages to its worker: type 0 brings an index, type 2 is a query.

const ENDINGS = [
  "에서는", "으로는", "에게서", "이라는", "라는", "에서", "에게", "으로", "까지", "부터", "처럼", "보다", "하고", "하기", "하다", "하는", "하면", "합니다", "한다", "됩니다", "된다", "되는",
  "이나", "이란", "이라", "라도", "마다", "들은", "들을", "들이", "은", "는", "이", "가", "을", "를", "의", "에", "도", "로", "와", "과", "만", "란", "기", "다",
];
let sections = []; // what each section says, in lower case

/** Without its particle or ending, if two syllables are left. */
function stem(word) {
  const stems = ENDINGS.filter((one) => word.endsWith(one)).map((one) => word.slice(0, -one.length));
  return stems.filter((one) => one.length > 1).sort((a, b) => a.length - b.length)[0] ?? word;
}

/** The word as the site writes it: in one piece, or in two. */
function apart(word) {
  if (sections.some((text) => text.includes(word))) return [word];
  for (let at = 2; at <= word.length - 2; at++) {
    const two = [word.slice(0, at), word.slice(at)];
    if (sections.some((text) => text.includes(two.join(" ")))) return two;
  }
  return [word];
}

function widened(query) {
  const words = query.toLowerCase().split(/[^\p{L}\p{N}_]+/u).filter(Boolean).map(stem).flatMap(apart);
  const all = sections.some((text) => words.every((word) => text.includes(word))) ? "+" : "";
  return words.map((word) => (/[가-힣]/.test(word) ? `${all}*${word}*` : `${all}${word}*`)).join(" ");
}

const address = new URL("../search/texts.json", document.currentScript.src);
let texts; // once they are asked for: their promise
function fetched() {
  texts ??= fetch(address).then((answer) => answer.json());
  return texts;
}
document.forms.search?.query.addEventListener("focus", fetched, { once: true });

const post = Worker.prototype.postMessage;
let whole; // settles when the worker has the texts
Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.type !== 2 || !message.data) return post.call(this, message, ...rest);
  whole ??= fetched().then(
    (index) => {
      sections = index.docs.map(({ title, text }) => `${title} ${text}`.toLowerCase());
      post.call(this, { type: 0, data: { ...index, options: {} } });
    },
    () => {
      texts = undefined; // the next key tries again
      whole = undefined;
    },
  );
  whole.then(() => post.call(this, { ...message, data: widened(message.data) }, ...rest));
};
