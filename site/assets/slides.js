// Slides where there is room for them.  On a phone, and without scripts, the page reads as a text.

const asked = new URLSearchParams(location.search);
const deck = document.getElementById("deck");
const printing = asked.has("print-pdf");
const LABELS = { left: "이전", right: "다음", up: "위로", down: "아래로" };

/** A crowded slide gets smaller code, then broken lines; what still does not fit scrolls. */
function fit(slide) {
  const boxes = [...slide.querySelectorAll("pre, .output:has(table), .output div:has(table)")];
  const fits = (box) =>
    box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1;
  for (const [lines, smallest] of [["pre", 16], ["pre-wrap", 13]]) {
    slide.style.setProperty("--code-lines", lines);
    for (let size = 22; size >= smallest; size--) {
      slide.style.setProperty("--code-size", `${size}px`);
      if (boxes.every(fits)) return;
    }
  }
}

/** What scrolls can be reached by keyboard. */
function reachable(place) {
  for (const box of place.querySelectorAll("pre, .output, .output div"))
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
}

/** Keys in a view are the view's.  Page keys, which presenters' clickers send, are the slides'. */
function ours(event) {
  const inView = event.composedPath().some((one) => one.classList?.contains("afm"));
  return !inView || event.key.startsWith("Page");
}

function show(slide) {
  fit(slide);
  reachable(slide);
}

async function start() {
  const laidOut = new Promise((done) => Reveal.on("pdf-ready", done));
  deck.classList.add("reveal");
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    display: "flex",
    hash: true,
    help: false, // in English; the list of slides tells the keys
    keyboardCondition: ours,
    pdfMaxPagesPerSlide: 1,
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    slideNumber: "c/t",
    transition: "none",
  });
  deck.removeAttribute("role"); // "application" would keep screen readers from reading
  deck.querySelector(".controls").setAttribute("role", "none"); // an aside may not be in main
  for (const [side, label] of Object.entries(LABELS)) {
    deck.querySelector(`.navigate-${side}`).setAttribute("aria-label", label);
  }
  Reveal.on("slidechanged", ({ currentSlide }) => show(currentSlide));
  await document.fonts.ready; // the first slide is measured in the font that it will have
  show(Reveal.getCurrentSlide());
  if (!printing) return;
  await laidOut;
  for (const slide of deck.querySelectorAll(".pdf-page section")) {
    fit(slide);
    slide.scrollIntoView(); // views come alive when they are seen; a printer sees them all
    await new Promise(requestAnimationFrame);
  }
  scrollTo(0, 0);
}

// The speaker's window shows the slides in frames as narrow as a phone.
if (printing || asked.has("receiver") || matchMedia("(min-width: 600px)").matches) start();
else reachable(deck);
