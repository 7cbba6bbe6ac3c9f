// Draws the impact graph. The lists below it say the same in words; this is for those who would rather look.
const holder = document.getElementById("graph");
const said = document.getElementById("graph-said");
const words = document.getElementById("graph-words").dataset;
const data = JSON.parse(document.getElementById("graph-data").textContent);
const KINDS = {
  start: { tone: "--accent", shape: "round-rectangle", mark: "" },
  down: { tone: "--tone-bad", shape: "octagon", mark: "✕ " },
  degraded: { tone: "--tone-warn", shape: "triangle", mark: "▲ " },
  informed: { tone: "--tone-info", shape: "ellipse", mark: "ⓘ " },
};

// House colours may be oklch() or var(): one painted pixel tells their rgb.
const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
function colour(name) {
  const probe = getComputedStyle(document.documentElement);
  pixel.fillStyle = probe.getPropertyValue("--surface");
  pixel.fillRect(0, 0, 1, 1);
  pixel.fillStyle = probe.getPropertyValue(name);
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b] = pixel.getImageData(0, 0, 1, 1).data;
  return `rgb(${r}, ${g}, ${b})`;
}

const widest = Math.max(...Object.values(data.nodes.reduce((rows, { data: { depth } }) => ({ ...rows, [depth]: (rows[depth] ?? 0) + 1 }), {})));
const isWide = widest > 14;

// A tree on rings: each item gets the part of the circle that its leaves need, the ring is its depth.
function rings() {
  const below = {};
  for (const { data: { source, target } } of data.edges) (below[source] ??= []).push(target);
  const depthOf = Object.fromEntries(data.nodes.map(({ data: node }) => [node.id, node.depth]));
  const leaves = {};
  const nearestLast = [...data.nodes].sort((a, b) => b.data.depth - a.data.depth);
  for (const { data: { id } } of nearestLast) leaves[id] = (below[id] ?? []).reduce((sum, child) => sum + leaves[child], 0) || 1;
  const radius = [0];
  const onRing = data.nodes.reduce((rows, { data: { depth } }) => { rows[depth] = (rows[depth] ?? 0) + 1; return rows; }, []);
  for (let depth = 1; depth < onRing.length; depth += 1) {
    radius.push(Math.max(radius[depth - 1] + 90, ((onRing[depth] ?? 0) * 26) / (2 * Math.PI)));
  }
  const positions = {};
  const place = (id, from, to) => {
    const angle = (from + to) / 2;
    positions[id] = { x: radius[depthOf[id]] * Math.cos(angle), y: radius[depthOf[id]] * Math.sin(angle) };
    let at = from;
    for (const child of below[id] ?? []) {
      const end = at + ((to - from) * leaves[child]) / leaves[id];
      place(child, at, end);
      at = end;
    }
  };
  place(data.nodes[0].data.id, -Math.PI / 2, 1.5 * Math.PI);
  return positions;
}

function look() {
  const text = colour("--text");
  const line = colour("--text-soft");
  const kinds = Object.entries(KINDS).map(([kind, { tone, shape }]) => ({
    selector: `node[kind = "${kind}"]`,
    style: { "background-color": colour(tone), shape },
  }));
  return [
    { selector: "node", style: { width: 18, height: 18, label: "data(shown)", color: text, "font-size": 10, "font-family": "Inter, sans-serif", "text-valign": "bottom", "text-margin-y": 4, "text-wrap": "ellipsis", "text-max-width": 110, "min-zoomed-font-size": 7, "text-outline-color": colour("--surface"), "text-outline-width": 2 } },
    ...kinds,
    { selector: 'node[kind = "start"]', style: { width: 28, height: 28, "font-weight": 600 } },
    { selector: "edge", style: { width: 1.2, opacity: 0.55, "line-color": line, "target-arrow-color": line, "target-arrow-shape": "triangle", "arrow-scale": 0.7, "curve-style": "bezier" } },
    { selector: ".on-path", style: { "line-color": colour("--accent"), "target-arrow-color": colour("--accent"), width: 2.5, "border-width": 3, "border-color": colour("--accent"), opacity: 1, "z-index": 9 } },
    { selector: ".aside", style: { opacity: 0.25 } },
  ];
}

for (const { data: node } of data.nodes) node.shown = `${KINDS[node.kind].mark}${node.label}${node.hidden ? ` +${node.hidden}` : ""}`;
const cy = window.cytoscape({
  container: holder,
  elements: data,
  style: look(),
  layout: isWide
    ? { name: "preset", positions: rings(), padding: 24 }
    : { name: "breadthfirst", directed: true, roots: '[kind = "start"]', spacingFactor: 1.1, animate: false, padding: 24 },
  autoungrabify: true,
  boxSelectionEnabled: false,
  userZoomingEnabled: matchMedia("(pointer: coarse)").matches,
  maxZoom: 2.5,
  minZoom: 0.1,
});

function link(href, text) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = text;
  return anchor;
}

function show(node) {
  cy.elements().removeClass("on-path aside");
  const path = node.union(node.predecessors());
  path.addClass("on-path");
  cy.elements().not(path).addClass("aside");
  const steps = path.nodes().sort((a, b) => a.data("depth") - b.data("depth"));
  said.replaceChildren(...steps.map((step) => step.data("label")).join(" → ").split("\n"), " · ",
    link(node.data("url"), words.open), " · ", link(`${node.data("url")}impact/`, words.impact));
}

cy.on("tap", "node", (event) => show(event.target));
cy.on("tap", (event) => {
  if (event.target === cy) cy.elements().removeClass("on-path aside");
});

document.addEventListener("click", (event) => {
  const deed = event.target instanceof Element && event.target.closest("[data-graph]")?.dataset.graph;
  const middle = { x: holder.clientWidth / 2, y: holder.clientHeight / 2 };
  if (deed === "closer") cy.zoom({ level: cy.zoom() * 1.3, renderedPosition: middle });
  if (deed === "further") cy.zoom({ level: cy.zoom() / 1.3, renderedPosition: middle });
  if (deed === "whole") cy.fit(undefined, 24);
});
new MutationObserver(() => cy.style(look())).observe(document.documentElement, { attributeFilter: ["class"] });
window.impactGraph = cy;
