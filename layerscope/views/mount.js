// Shows saved views on a static page: no kernel, no CDN.
//
//   <div class="afm" data-esm="m.js" data-css="m.css" data-state="s.json">table</div>
//
// data-state is a JSON file with the model's data traits. The table stays where scripts do not run,
// where a view fails, and in print.

/** The part of anywidget's model that a view without a kernel can use. */
function fakeModel(state) {
  const listeners = new Map();
  const of = (name) => listeners.get(name) ?? listeners.set(name, new Set()).get(name);
  const emit = (name, ...args) => {
    for (const listener of [...of(name)]) listener(...args);
  };
  return {
    get: (key) => state[key],
    set(key, value) {
      if (state[key] === value) return;
      state[key] = value;
      emit(`change:${key}`, value);
      emit("change");
    },
    on: (name, listener) => void of(name).add(listener),
    off(name, listener) {
      if (!name) listeners.clear();
      else if (!listener) listeners.delete(name);
      else of(name).delete(listener);
    },
    save_changes() {}, // nobody to save to
    send() {}, // nobody to hear it
  };
}

async function load(url, as) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response[as]();
}

async function mount(place) {
  const at = (key) => new URL(place.dataset[key], document.baseURI).href;
  const [module, css, state] = await Promise.all([
    import(at("esm")),
    place.dataset.css ? load(at("css"), "text") : "",
    load(at("state"), "json"),
  ]);
  // AFM allows an object or a function that makes one.
  const widget = typeof module.default === "function" ? await module.default() : module.default;
  const model = fakeModel(state);
  const signal = new AbortController().signal;
  await widget.initialize?.({ model, signal });

  // A shadow root keeps the page's typography off the view and the view's rules off the page.
  const host = document.createElement("div");
  host.className = "afm-view";
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = css;
  const el = document.createElement("div");
  root.append(style, el);

  const fallback = document.createElement("div");
  fallback.className = "afm-fallback";
  fallback.append(...place.childNodes);
  place.append(host, fallback);
  try {
    await widget.render({ model, el, signal });
  } catch (error) {
    host.remove();
    throw error;
  }
  place.dataset.mounted = "";
}

const observer = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      mount(target).catch((error) => console.error("view not mounted:", error));
    }
  },
  { rootMargin: "300px" },
);

for (const place of document.querySelectorAll(".afm[data-esm]")) observer.observe(place);

const rules = document.createElement("style");
rules.textContent = `
  @media screen { .afm[data-mounted] > .afm-fallback { display: none } }
  @media print { .afm > .afm-view { display: none } }`;
document.head.append(rules);
