const STATE = {
  a: { sign: "+", name: "추가", class: "ls-added" },
  m: { sign: "~", name: "수정", class: "ls-modified" },
  r: { sign: "−", name: "삭제", class: "ls-removed" },
  u: { sign: "=", name: "그대로 다시 저장", class: "ls-unchanged" },
};
const KIND = { f: "파일", d: "디렉터리", s: "심볼릭 링크", h: "하드 링크", v: "장치", p: "FIFO", w: "화이트아웃", o: "불투명 디렉터리" };
const CAUSE = { overwritten: "위 레이어가 덮어씀", deleted: "위 레이어가 삭제", opaque: "불투명 디렉터리가 가림", replaced: "다른 종류로 바뀜" };
const CAUSES = Object.keys(CAUSE);
const BIT = { a: 1, m: 2, r: 4, u: 8 };
const WASTED = 16;
const ALL = -1; // instead of a layer's index

export default view((root, data) => {
  const files = readTree(data.tree);
  const layers = data.layers.map(readLayer);
  const choice = { layer: ALL, bits: 0, query: "", bySize: true };

  // What the chosen layer, filter and search leave, per path.
  const now = {
    size: new Float64Array(files.length), hidden: new Float64Array(files.length), // with all below
    own: new Float64Array(files.length), ownHidden: new Float64Array(files.length),
    flags: new Uint8Array(files.length), shown: new Uint8Array(files.length), count: new Uint32Array(files.length),
  };
  let children = new Map();
  let open = new Set([0]);

  function select() {
    for (const column of Object.values(now)) column.fill(0);
    children = new Map();
    const chosen = choice.layer === ALL ? layers : [layers[choice.layer]];
    for (const layer of chosen) {
      layer.nodes.forEach((node, i) => {
        now.own[node] += layer.sizes[i];
        now.flags[node] |= BIT[layer.states[i]];
      });
      layer.hiddenNodes.forEach((node, i) => {
        now.ownHidden[node] += layer.hiddenBytes[i];
        if (layer.hiddenBytes[i]) now.flags[node] |= WASTED;
      });
    }
    const numbers = { a: 0, m: 0, r: 0, w: 0 };
    for (let node = 0; node < files.length; node += 1) {
      const flags = now.flags[node];
      for (const key of "amr") if (flags & BIT[key]) numbers[key] += 1;
      if (flags & WASTED) numbers.w += 1;
    }
    filter();
    return numbers;
  }

  /** Children after parents in depth-first order, so one backward pass sums every folder. */
  function filter() {
    const { size, hidden, own, ownHidden, flags, shown, count: below } = now;
    size.fill(0); hidden.fill(0); shown.fill(0); below.fill(0);
    children = new Map();
    const query = choice.query.toLowerCase();
    const paths = query ? files.lowerPaths() : null;
    for (let node = files.length - 1; node > 0; node -= 1) {
      if (flags[node] && (!choice.bits || flags[node] & choice.bits) && (!query || paths[node].includes(query))) {
        size[node] += own[node];
        hidden[node] += ownHidden[node];
        below[node] += 1;
        shown[node] = 1;
      }
      if (!shown[node]) continue;
      const parent = files.parents[node];
      size[parent] += size[node];
      hidden[parent] += hidden[node];
      below[parent] += below[node];
      shown[parent] = 1;
    }
    // What little a filter or a small layer leaves is shown unfolded, what a search finds always.
    open = new Set([0]);
    if (query || below[0] <= (choice.bits ? 400 : 40)) for (const [node, yes] of shown.entries()) if (yes) open.add(node);
  }

  const wastedOnly = () => choice.bits === WASTED;
  const weight = (node) => (wastedOnly() ? now.hidden[node] : now.size[node]);
  const folder = (node) => files.ends[node] > node + 1 && childrenOf(node).length > 0;
  function childrenOf(node) {
    let list = children.get(node);
    if (!list) {
      list = [];
      for (let child = node + 1; child < files.ends[node]; child = files.ends[child]) if (now.shown[child]) list.push(child);
      if (choice.bySize) list.sort((a, b) => weight(b) - weight(a) || a - b);
      children.set(node, list);
    }
    return list;
  }
  /** The one folder that a folder holds, if it holds nothing else. */
  const only = (node) => {
    const [first, second] = folder(node) ? childrenOf(node) : [];
    return first && second === undefined && folder(first) ? first : null;
  };
  function rows() {
    const out = [];
    const walk = [...childrenOf(0)].reverse();
    while (walk.length) {
      const node = walk.pop();
      out.push(node);
      if (open.has(node)) for (let list = childrenOf(node), i = list.length - 1; i >= 0; i -= 1) walk.push(list[i]);
    }
    return out;
  }
  const marks = (node) => Object.keys(BIT).filter((key) => now.flags[node] & BIT[key] && !(key === "u" && folder(node)));

  // ---- parts of the page ----
  const tree = virtualTree({
    label: "파일 트리",
    rows,
    level: (node) => files.depths[node],
    toggle(node) {
      if (open.delete(node)) return;
      for (let at = node; at; at = only(at)) open.add(at);
    },
    describe(node) {
      const inside = folder(node);
      const states = marks(node);
      const hidden = now.hidden[node];
      return {
        expanded: inside ? open.has(node) : undefined,
        label: [files.names[node], states.map((key) => STATE[key].name).join("·"), bytes(now.size[node]), hidden ? `숨은 ${bytes(hidden)}` : ""].filter(Boolean).join(", "),
        cells: [
          h("span", { class: `ls-explorer-name ls-mono ls-ellipsis ${states.includes("r") ? "ls-gone" : ""}` }, files.names[node], inside ? "/" : ""),
          states.map((key) => h("span", { class: `ls-sign ${STATE[key].class}`, "data-tip": STATE[key].name }, STATE[key].sign)),
          h("span", { class: "ls-explorer-cell ls-explorer-waste ls-num" }, hidden ? bytes(hidden) : ""),
          h("span", { class: "ls-explorer-cell ls-num" }, bytes(now.size[node])),
        ],
      };
    },
    current(node) {
      detail.replaceChildren(...describePath(node));
    },
  });
  const detail = h("div", { class: "ls-explorer-detail", "aria-live": "polite" });
  const nothing = h("p", { class: "ls-note ls-explorer-nothing", hidden: true }, "조건에 맞는 경로가 없다.");

  const map = treemap({
    label: "크기 지도",
    children: (node) => childrenOf(node).map((child) => {
      // usr/ that holds lib/ alone is one tile, not two.
      let [key, name] = [child, files.names[child]];
      for (let inner = only(key); inner; inner = only(key)) [key, name] = [inner, `${name}/${files.names[inner]}`];
      return { key, name, size: weight(key), hidden: now.hidden[key], folder: folder(key) };
    }).sort((a, b) => b.size - a.size),
    open: (node) => zoomTo(node, true),
    pick: (node) => reveal(node),
  });
  const crumbs = h("div", { role: "group", class: "ls-explorer-crumbs ls-mono", "aria-label": "크기 지도의 위치" });
  function zoomTo(node, focus) {
    const chain = [];
    for (let at = node; at > 0; at = files.parents[at]) chain.unshift(at);
    crumbs.replaceChildren(...[0, ...chain].map((at, i, all) => h("button", {
      class: "ls-crumb", type: "button", "aria-current": i === all.length - 1 ? "location" : null, onclick: () => zoomTo(at, true),
    }, at === 0 ? "/" : `${files.names[at]}/`)));
    map.show(node);
    if (focus) (map.frame.querySelector("button") ?? crumbs.lastChild).focus();
    if (focus && node) reveal(node);
  }
  function reveal(node) {
    for (let at = files.parents[node]; at > 0; at = files.parents[at]) open.add(at);
    tree.refresh(node);
  }

  function describePath(node) {
    const chosen = choice.layer === ALL ? layers : [layers[choice.layer]];
    const facts = chosen.flatMap((layer) => layer.at(node).map((i) => {
      const waste = layer.wasteAt(node);
      return h("li", {},
        h("span", { class: "ls-num" }, `레이어 ${layer.index}`), ` ${STATE[layer.states[i]].name} · ${KIND[layer.kinds[i]]}`,
        layer.links[i] ? h("span", { class: "ls-mono" }, ` → ${layer.links[i]}`) : null,
        "fh".includes(layer.kinds[i]) ? h("span", { class: "ls-num" }, ` · ${exact(layer.sizes[i])}`) : null,
        waste && layer.kinds[i] === "f" ? h("strong", { class: "ls-waste-text" }, ` · 숨음: ${CAUSE[CAUSES[waste.cause]]}(레이어 ${waste.by})`) : null);
    }));
    const path = `/${files.path(node)}`;
    return [
      h("p", { class: "ls-explorer-path ls-mono" }, path),
      h("p", { class: "ls-note" }, folder(node) ? `경로 ${count(now.count[node])}개, ` : "", `${exact(now.size[node])}${now.hidden[node] ? `, 숨은 ${exact(now.hidden[node])}` : ""}`),
      h("ul", { class: "ls-explorer-facts", tabindex: 0, "aria-label": "레이어마다" }, facts.slice(0, 12)),
    ];
  }

  // Filters and search.
  const chips = [["a", "추가"], ["m", "수정"], ["r", "삭제"], ["w", "낭비"]].map(([key, name]) => {
    const bit = key === "w" ? WASTED : BIT[key];
    const number = h("span", { class: "ls-num ls-chip-count" });
    const sign = key === "w" ? h("span", { class: "ls-swatch ls-fill-hidden" }) : h("span", { class: `ls-sign ${STATE[key].class}`, "aria-hidden": "true" }, STATE[key].sign);
    const chip = h("button", {
      class: "ls-button ls-chip", type: "button", "aria-pressed": "false",
      onclick() {
        choice.bits ^= bit;
        chip.setAttribute("aria-pressed", String(Boolean(choice.bits & bit)));
        update();
      },
    }, sign, name, number);
    return { key, chip, number };
  });
  const status = h("p", { class: "ls-note ls-explorer-status", role: "status" });
  let waiting = 0;
  const search = h("input", {
    class: "ls-input", type: "search", placeholder: "경로에서 찾기", "aria-label": "경로에서 찾기", spellcheck: "false",
    oninput() {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        choice.query = search.value.trim();
        update();
      }, 80);
    },
  });
  const order = h("button", {
    class: "ls-button", type: "button",
    onclick() {
      choice.bySize = !choice.bySize;
      order.textContent = choice.bySize ? "크기순" : "이름순";
      order.setAttribute("aria-label", `정렬: ${order.textContent}`);
      children = new Map();
      tree.refresh();
    },
    "aria-label": "정렬: 크기순",
  }, "크기순");

  function update() {
    filter();
    tree.refresh();
    nothing.hidden = tree.length() > 0;
    if (!tree.length()) detail.replaceChildren();
    zoomTo(0, false);
    status.textContent = `경로 ${count(now.count[0])}개 · ${bytes(now.size[0])}${now.hidden[0] ? ` · 숨은 ${bytes(now.hidden[0])}` : ""}`;
  }

  // Layers.
  const largest = Math.max(1, ...data.layers.map((layer) => layer.size));
  const options = [ALL, ...data.layers.keys()].map((index) => {
    const layer = index === ALL ? { instruction: "전체 레이어", size: data.size, hidden: data.hidden } : data.layers[index];
    const scale = index === ALL ? Math.max(data.size, 1) : largest;
    return h("li", {
      class: "ls-layer", role: "option", "aria-selected": "false", "data-index": index,
      "aria-label": `${index === ALL ? "" : `레이어 ${index}, `}${layer.instruction}, ${bytes(layer.size)}${layer.hidden ? `, 숨은 ${bytes(layer.hidden)}` : ""}${layer.hides ? `, 아래 레이어의 ${bytes(layer.hides)}를 숨김` : ""}`,
      onclick: () => choose(index),
      onkeydown: (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose(index);
      },
    },
    h("span", { class: "ls-layer-index ls-num" }, index === ALL ? "Σ" : index),
    h("span", { class: `ls-layer-text ls-ellipsis ${index === ALL ? "ls-strong" : "ls-mono"}` }, layer.instruction || "(기록 없음)"),
    h("span", { class: "ls-layer-size ls-num", "data-tip": exact(layer.size) }, bytes(layer.size)),
    layer.size > 0 && [
      h("span", { class: "ls-layer-bar" }, bar(layer.size - layer.hidden, layer.hidden, scale)),
      h("span", { class: "ls-layer-hidden ls-num", "data-tip": layer.hidden ? `숨은 ${exact(layer.hidden)}` : null }, layer.hidden ? `숨은 ${bytes(layer.hidden)}` : ""),
    ],
    layer.hides > 0 && h("span", { class: "ls-layer-hides ls-note" }, `아래 레이어의 ${bytes(layer.hides)}를 숨긴다`));
  });
  const list = h("ul", { class: "ls-layers", role: "listbox", "aria-label": "레이어" }, options);
  const mark = roving(list, () => options, (option) => choose(Number(option.dataset.index)));
  const about = h("div", { class: "ls-explorer-about" });
  function choose(index) {
    choice.layer = index;
    for (const option of options) option.setAttribute("aria-selected", String(Number(option.dataset.index) === index));
    mark(options[index + 1]);
    const numbers = select();
    for (const { key, number } of chips) number.textContent = count(numbers[key]);
    const layer = data.layers[index];
    about.replaceChildren(...(layer ? describeLayer(layer) : [
      h("p", { class: "ls-note" }, "레이어를 고르면 그 레이어가 담은 파일만 보인다. 지금은 모든 레이어가 저장한 바이트를 경로별로 합한 모습이다."),
    ]));
    // The facts below take room from the list: keep the chosen row in it.
    const row = options[index + 1];
    const hiddenBelow = row.offsetTop + row.offsetHeight - list.clientHeight;
    if (list.scrollTop < hiddenBelow) list.scrollTop = hiddenBelow;
    update();
  }
  function describeLayer(layer) {
    const fact = (name, value) => (value ? [h("dt", {}, name), h("dd", {}, value)] : null);
    return [
      h("p", { class: "ls-mono ls-explorer-instruction" }, layer.instruction || "(기록 없음)"),
      h("dl", { class: "ls-facts" },
        fact("크기", h("span", { class: "ls-num" }, exact(layer.size))),
        fact("압축 크기", layer.compressed && h("span", { class: "ls-num" }, exact(layer.compressed))),
        fact("숨은 바이트", layer.hidden && h("span", { class: "ls-num" }, exact(layer.hidden))),
        fact("아래에서 숨긴 바이트", layer.hides && h("span", { class: "ls-num" }, exact(layer.hides))),
        fact("DiffID", h("span", { class: "ls-mono ls-explorer-digest" }, layer.diffId))),
    ];
  }

  root.append(
    headline(data),
    h("div", { class: "ls-explorer-grid" },
      h("div", { role: "group", class: "ls-panel ls-explorer-left", "aria-label": "레이어" },
        h("header", { class: "ls-explorer-head" }, h("h4", {}, `레이어 ${count(layers.length)}개`), legend()),
        list, about),
      h("div", { role: "group", class: "ls-panel ls-explorer-right", "aria-label": "파일" },
        h("div", { class: "ls-explorer-tools" }, h("div", { class: "ls-explorer-search" }, search, order),
          h("div", { class: "ls-row", role: "group", "aria-label": "거르기" }, chips.map((one) => one.chip))),
        h("header", { class: "ls-explorer-head" }, status, h("span", { class: "ls-explorer-columns ls-note", "aria-hidden": "true" }, h("span", {}, "숨은"), h("span", {}, "크기"))),
        tree.frame, nothing, detail)),
    h("div", { class: "ls-panel ls-explorer-map" },
      h("header", { class: "ls-explorer-head" }, h("h4", {}, "크기 지도"), crumbs), map.frame),
  );
  choose(ALL);
  return map.stop;
});

function bar(visible, hidden, scale) {
  return h("span", { class: "ls-bar", "aria-hidden": "true" },
    h("span", { class: "ls-fill-visible", style: { width: `${(100 * visible) / scale}%` } }),
    h("span", { class: "ls-fill-hidden", style: { width: `${(100 * hidden) / scale}%` } }));
}

const legend = () => h("p", { class: "ls-note ls-legend" },
  h("span", {}, h("span", { class: "ls-swatch ls-fill-visible" }), "보임"),
  h("span", {}, h("span", { class: "ls-swatch ls-fill-hidden" }), "숨음"));

function headline(data) {
  const figure = (name, value, small, swatch) => h("div", { class: "ls-figure" },
    h("dt", {}, swatch ? h("span", { class: `ls-swatch ${swatch}` }) : null, name), h("dd", {}, h("strong", {}, value), h("span", { class: "ls-note" }, small)));
  const causes = CAUSES.filter((cause) => data.causes[cause]).map((cause) => `${CAUSE[cause]} ${bytes(data.causes[cause])}`);
  return h("header", { class: "ls-explorer-top" },
    h("h3", {}, h("span", { class: "ls-explorer-reference" }, data.reference), h("span", { class: "ls-note" }, data.platform)),
    h("dl", { class: "ls-figures" },
      figure("보이는 바이트", bytes(data.visible), exact(data.visible), "ls-fill-visible"),
      figure("숨은 바이트", bytes(data.hidden), `${exact(data.hidden)} · ${percent(data.hidden, data.size)}`, "ls-fill-hidden"),
      h("div", { class: "ls-figure ls-figure-aside" }, h("dt", {}, "dive의 점수"),
        h("dd", {}, h("strong", {}, `${(100 * data.dive[0]).toFixed(1)}%`), h("span", { class: "ls-note" }, `낭비 ${bytes(data.dive[1])}`)))),
    h("div", { class: "ls-explorer-total" }, bar(data.visible, data.hidden, Math.max(data.size, 1))),
    h("p", { class: "ls-note" }, "숨은 바이트는 pull할 때마다 내려받지만 컨테이너에서는 볼 수 없다.", causes.length ? ` ${causes.join(" · ")}` : " 이 이미지에는 없다."));
}

function readTree({ names, depths }) {
  const list = names.split("/");
  const length = depths.length;
  const parents = new Int32Array(length);
  const ends = new Int32Array(length).fill(length);
  const chain = [];
  for (let node = 0; node < length; node += 1) {
    const depth = depths[node];
    while (chain.length > depth) ends[chain.pop()] = node;
    parents[node] = depth ? chain[depth - 1] : 0;
    chain.push(node);
  }
  let lower = null;
  const path = (node) => {
    const parts = [];
    for (let at = node; at > 0; at = parents[at]) parts.unshift(list[at]);
    return parts.join("/");
  };
  return {
    length, names: list, depths, parents, ends, path,
    lowerPaths() {
      if (!lower) {
        lower = new Array(length);
        lower[0] = "";
        for (let node = 1; node < length; node += 1) lower[node] = `${lower[parents[node]]}/${list[node].toLowerCase()}`;
      }
      return lower;
    },
  };
}

function readLayer(layer, index) {
  const nodes = Int32Array.from(layer.steps);
  for (let i = 1; i < nodes.length; i += 1) nodes[i] += nodes[i - 1];
  const [hiddenNodes, hiddenBytes, causes, by] = layer.hiddenRows;
  return {
    index, nodes, hiddenNodes, hiddenBytes, sizes: layer.sizes, states: layer.states, kinds: layer.kinds, links: layer.links,
    /** Positions of a path's entries; nodes are in order. */
    at(wanted) {
      let low = 0;
      let high = nodes.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (nodes[middle] < wanted) low = middle + 1;
        else high = middle;
      }
      const found = [];
      while (nodes[low] === wanted) found.push(low++);
      return found;
    },
    wasteAt(wanted) {
      const i = hiddenNodes.indexOf(wanted);
      return i < 0 ? null : { cause: causes[i], by: by[i] };
    },
  };
}
