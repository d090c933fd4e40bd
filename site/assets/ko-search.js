// Korean search: a word is found in its other forms and inside compounds.
//
// Material's search worker takes lunr queries.  A Hangul word is sent with a leading wildcard
// (파일시스템 is found by 시스템) and, beside it, without its particle or ending (레이어가 → 레이어).
// It depends on the form of Material's messages to its worker: type 2 is a query.

const ENDINGS = [
  "에서는", "으로는", "에게서", "이라는", "라는", "에서", "에게", "으로", "까지", "부터", "처럼", "보다", "하고", "하기", "하다", "하는", "합니다", "한다", "됩니다", "된다", "되는",
  "이나", "이란", "이라", "라도", "마다", "들은", "들을", "들이", "은", "는", "이", "가", "을", "를", "의", "에", "도", "로", "와", "과", "만", "란", "기", "다",
];

function forms(word) {
  if (!/[가-힣]/.test(word)) return [word];
  const stems = ENDINGS.filter((one) => word.endsWith(one) && word.length - one.length >= 2).map((one) => word.slice(0, -one.length));
  return [...new Set([word, ...stems])];
}

const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...rest) {
  if (message?.type === 2 && typeof message.data === "string") {
    const words = message.data.replace(/[*+~^:]/g, " ").split(/\s+/).filter(Boolean);
    const query = words.flatMap(forms).map((one) => (/[가-힣]/.test(one) ? `*${one}*` : `${one}*`)).join(" ");
    return post.call(this, { ...message, data: query || message.data }, ...rest);
  }
  return post.call(this, message, ...rest);
};
