const ROLE = {
  layout: { name: "시작점", class: "ls-role-index" },
  index: { name: "이미지 인덱스", class: "ls-role-index" },
  manifest: { name: "매니페스트", class: "ls-role-manifest" },
  attestation: { name: "증명(attestation)", class: "ls-role-proof" },
  config: { name: "이미지 설정(config)", class: "ls-role-config" },
  layer: { name: "레이어", class: "ls-role-layer" },
  statement: { name: "in-toto 문서", class: "ls-role-proof" },
  blob: { name: "블롭", class: "ls-role-layer" },
};

export default view((root, data) => {
  const all = []; // depth first
  const uses = new Map(); // digest -> nodes
  (function read(nodes, parent) {
    for (const raw of nodes) {
      const node = { ...raw, parent, level: parent ? parent.level + 1 : 1, open: raw.role !== "attestation", id: uid() };
      all.push(node);
      uses.set(node.digest, [...(uses.get(node.digest) ?? []), node]);
      node.children = read(raw.children, node);
    }
    return all.filter((node) => node.parent === parent);
  })(data.nodes, null);
  // Of many platforms only the first is unfolded.
  for (const node of all) {
    const manifests = node.children.filter((child) => child.role === "manifest");
    for (const extra of manifests.slice(1)) extra.open = false;
  }
  const largest = Math.max(1, ...all.filter((node) => node.role === "layer").map((node) => node.size));

  const items = new Map();
  const item = (node) => {
    const shared = uses.get(node.digest).length;
    const card = h("div", { class: `ls-graph-card ${ROLE[node.role].class} ${node.present ? "" : "ls-graph-absent"}` },
      h("span", { class: "ls-graph-role" },
        node.children.length ? h("span", { class: "ls-graph-arrow", "aria-hidden": "true" }) : null,
        h("span", { class: "ls-graph-dot", "aria-hidden": "true" }), h("span", {}, ROLE[node.role].name),
        node.title ? h("span", { class: "ls-graph-title" }, node.title) : null),
      h("span", { class: "ls-graph-size ls-num", "data-tip": exact(node.size) }, bytes(node.size)),
      h("span", { class: "ls-graph-id ls-mono", "data-tip": node.digest }, shortDigest(node.digest)),
      node.role === "layer" ? h("span", { class: "ls-graph-weight", "aria-hidden": "true" }, h("span", { style: { width: `${(100 * node.size) / largest}%` } })) : null,
      node.present ? null : h("span", { class: "ls-graph-mark" }, "여기에 없음"),
      shared > 1 ? h("span", { class: "ls-graph-mark" }, `${shared}곳에서 가리킴`) : null);
    const group = node.children.length ? h("ul", { role: "group", hidden: !node.open }, node.children.map(item)) : null;
    const element = h("li", {
      role: "treeitem", id: node.id, tabindex: -1, "aria-selected": "false", "aria-level": node.level,
      "aria-expanded": group ? String(node.open) : null,
      "aria-label": [ROLE[node.role].name, node.title, bytes(node.size), shortDigest(node.digest), node.present ? "" : "여기에 없음"].filter(Boolean).join(", "),
    }, card, group);
    items.set(element, { node, group, element });
    node.view = items.get(element);
    return element;
  };
  const tree = h("ul", { class: "ls-graph-tree", role: "tree", "aria-label": "OCI 그래프" }, data.nodes.length ? all.filter((node) => !node.parent).map(item) : []);

  function fold(node, open) {
    if (!node.children.length) return;
    node.open = open;
    node.view.group.hidden = !open;
    node.view.element.setAttribute("aria-expanded", String(open));
  }
  const inSight = () => all.filter((node) => {
    for (let up = node.parent; up; up = up.parent) if (!up.open) return false;
    return true;
  });
  let chosen = null;
  function choose(node, focus) {
    for (let up = node.parent; up; up = up.parent) fold(up, true);
    if (chosen) {
      chosen.view.element.setAttribute("aria-selected", "false");
      chosen.view.element.tabIndex = -1;
    }
    chosen = node;
    node.view.element.setAttribute("aria-selected", "true");
    node.view.element.tabIndex = 0;
    if (focus) node.view.element.focus();
    panel.replaceChildren(...describe(node));
  }
  function step(node) {
    // The tab stop follows the arrows, the document stays until Enter.
    for (const other of all) other.view.element.tabIndex = other === node ? 0 : -1;
    node.view.element.focus();
  }
  tree.addEventListener("click", (event) => {
    const node = items.get(event.target.closest("[role=treeitem]"))?.node;
    if (!node) return;
    if (event.target.closest(".ls-graph-arrow")) fold(node, !node.open);
    choose(node, true);
  });
  tree.addEventListener("keydown", (event) => {
    const node = items.get(event.target)?.node;
    if (!node) return;
    const seen = inSight();
    const at = seen.indexOf(node);
    const act = {
      ArrowDown: () => step(seen[Math.min(at + 1, seen.length - 1)]),
      ArrowUp: () => step(seen[Math.max(at - 1, 0)]),
      Home: () => step(seen[0]),
      End: () => step(seen[seen.length - 1]),
      ArrowRight: () => (node.open && node.children.length ? step(node.children[0]) : fold(node, true)),
      ArrowLeft: () => (node.open && node.children.length ? fold(node, false) : step(node.parent ?? node)),
      Enter: () => choose(node, true),
      " ": () => choose(node, true),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // ---- the document of the chosen node ----
  const panel = h("div", { role: "group", class: "ls-panel ls-graph-panel", "aria-label": "고른 노드", "aria-live": "polite" });
  function describe(node) {
    const fact = (name, ...value) => [h("dt", {}, name), h("dd", {}, value)];
    return [
      h("h3", { class: ROLE[node.role].class }, h("span", { class: "ls-graph-dot", "aria-hidden": "true" }), h("span", {}, ROLE[node.role].name), node.title ? h("span", { class: "ls-graph-title" }, node.title) : null),
      h("dl", { class: "ls-graph-facts" },
        fact("다이제스트", h("span", { class: "ls-mono ls-graph-digest" }, node.digest)),
        fact("미디어 타입", h("span", { class: "ls-mono" }, node.media_type || "(없음)")),
        fact("크기", h("span", { class: "ls-num" }, exact(node.size)))),
      node.json !== null ? h("pre", { class: "ls-graph-json ls-mono", tabindex: 0, "aria-label": "JSON" }, paint(node.json))
        : h("p", { class: "ls-note" }, node.present
          ? "JSON이 아니라 파일 묶음(tar)이다. 위 문서의 디스크립터가 이 블롭의 종류, 크기, 다이제스트를 적어 두었다."
          : "다이제스트만 적혀 있고 내용은 이 레이아웃에 없다. 필요한 플랫폼만 풀하면 이렇게 된다."),
    ];
  }
  /** JSON with its digests as links to the nodes that they name. */
  function paint(value, indent = "") {
    const deeper = `${indent}  `;
    const lines = (open, close, parts) => (parts.length ? [open, "\n", parts.map((part, i) => [deeper, part, i < parts.length - 1 ? "," : "", "\n"]), indent, close] : `${open}${close}`);
    if (Array.isArray(value)) return lines("[", "]", value.map((one) => paint(one, deeper)));
    if (value && typeof value === "object") {
      return lines("{", "}", Object.entries(value).map(([key, one]) => [h("span", { class: "ls-json-key" }, JSON.stringify(key)), ": ", paint(one, deeper)]));
    }
    const text = JSON.stringify(value);
    const target = typeof value === "string" ? uses.get(value)?.find((node) => node !== chosen) : null;
    // A span, not a button: the comma after it stays on its line.
    if (target) {
      const go = () => choose(nearest(value), true);
      return h("span", {
        class: "ls-graph-link", role: "link", tabindex: 0, "data-tip": `${ROLE[target.role].name}(으)로 가기`,
        onclick: go, onkeydown: (event) => event.key === "Enter" && go(),
      }, text);
    }
    return typeof value === "string" ? h("span", { class: "ls-json-text" }, text) : text;
  }
  /** A blob may have several places in the tree: prefer the one below the chosen node. */
  function nearest(digest) {
    const places = uses.get(digest).filter((node) => node !== chosen);
    return places.find((node) => node.parent === chosen) ?? places.find((node) => node.parent === chosen.parent) ?? places[0];
  }

  root.append(
    h("div", { class: "ls-graph" },
      h("div", { role: "group", class: "ls-panel ls-graph-left", "aria-label": "그래프" }, tree),
      panel),
  );
  if (all.length) choose(all.find((node) => node.role === "manifest") ?? all[0], false);
});
