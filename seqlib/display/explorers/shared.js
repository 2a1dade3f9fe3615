// What the explorers share, laid before each of them: elements and drawings, numbers from Python, a few functions.

const SVG = "http://www.w3.org/2000/svg";

function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  // JupyterLab deletes the cell on "d d" unless the focused element itself carries this attribute.
  if (/^(input|button|select|textarea)$/.test(tag) || "tabindex" in attributes)
    node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children);
  return node;
}

function drawn(tag, attributes = {}, words = "") {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = words;
  return node;
}

function draw(parent, tag, attributes, words = "") {
  parent.append(drawn(tag, attributes, words));
}

function raw(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer;
}

// The rows of what Python's packed() or eight_bits() stored.
function unpack(stored) {
  const [rows, cols] = stored.shape, scale = stored.scale && unpack(stored.scale)[0];
  const values = scale ? new Int8Array(raw(stored.base64)) : new Float32Array(raw(stored.base64));
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from({ length: cols }, (_, j) => values[i * cols + j] * (scale ? scale[j] : 1)));
}

const unpackEach = (stored) => Object.fromEntries(Object.entries(stored).map(([name, one]) => [name, unpack(one)]));

const sigmoid = (a) => 1 / (1 + Math.exp(-a));

function softmax(scores) {
  const top = Math.max(...scores), powers = scores.map((s) => Math.exp(s - top));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

const visible = (token) => ({ " ": "␣", "\n": "⏎", "\t": "⇥", "": "∅" })[token] ?? token;
const current = (node, yes) => (yes ? node.setAttribute("aria-current", "true") : node.removeAttribute("aria-current"));
