// Gradient norm against lag for a radius, an activation and a first W_hh: mount(root, data) builds the explorer.
// h_t = f(u_t + h_{t-1} W), and back: delta_{t-1} = (delta_t * f') W^T, in double precision.

const LOW = -12, HIGH = 6; // powers of ten drawn
const FUNCTIONS = { // of the sum: value, and slope in terms of the value
  none: [(s) => s, () => 1],
  tanh: [Math.tanh, (h) => 1 - h * h],
  ReLU: [(s) => Math.max(0, s), (h) => (h > 0 ? 1 : 0)],
};

// Norms for lags 0 … T-1, and the root mean square of the activation's slope over the steps passed.
function measure(W, u, v, radius, activation) {
  const size = v.length, [value, slope] = FUNCTIONS[activation], states = [];
  let h = new Float64Array(size);
  for (const row of u) {
    const sum = Float64Array.from(row);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) sum[j] += h[i] * W[i][j] * radius;
    states.push(h = sum.map(value));
  }
  let delta = Float64Array.from(v), squares = 0, count = 0;
  const norm = () => Math.sqrt(delta.reduce((a, d) => a + d * d, 0)), norms = [norm()];
  for (let t = states.length - 1; t > 0; t--) {
    const scaled = delta.map((d, j) => { const s = slope(states[t][j]); squares += s * s; count++; return d * s; });
    delta = delta.map((_, i) => radius * W[i].reduce((a, w, j) => a + w * scaled[j], 0));
    norms.push(norm());
  }
  return { norms, slope: Math.sqrt(squares / count) };
}

function power(x) {
  if (x === 0) return "0";
  if (x >= 0.01 && x < 1000) return x.toPrecision(2);
  return x.toExponential(0);
}

function mount(root, data) {
  const starts = Object.fromEntries(Object.entries(data.starts).map(([name, s]) => [name, { ...s, W: unpack(s.W) }]));
  const u = unpack(data.u), v = unpack(data.v)[0], steps = u.length;
  const slider = element("input", { type: "range", min: 0.5, max: 1.5, step: 0.01, value: data.radius });
  const shown = element("output");
  const options = (names, chosen) => names.map((name) => {
    const option = element("option", { value: name }, [name]);
    option.selected = name === chosen;
    return option;
  });
  const activation = element("select", {}, options(Object.keys(FUNCTIONS), data.activation));
  const start = element("select", {}, options(Object.keys(starts), data.start));
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const curve = drawn("svg"), disc = drawn("svg");
  curve.setAttribute("viewBox", "0 0 440 250");
  disc.setAttribute("viewBox", "0 0 220 250");
  for (const svg of [curve, disc]) { svg.setAttribute("role", "img"); svg.style.width = "100%"; }
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  root.replaceChildren(
    labelled("Radius ρ", slider, shown),
    element("div", { class: "sx-controls" }, [labelled("Activation", activation), labelled("First W", start)]),
    element("div", { style: "display:flex;flex-wrap:wrap;gap:8px" }, [
      element("div", { style: "flex:2 1 320px;min-width:0" }, [curve]),
      element("div", { style: "flex:1 1 170px;min-width:0;max-width:260px" }, [disc])]),
    result);

  const x = (lag) => 52 + (lag / (steps - 1)) * 378;
  const y = (value) => 215 - ((Math.min(HIGH, Math.max(LOW, Math.log10(value))) - LOW) / (HIGH - LOW)) * 195;
  const path = (values) => values.map((n, k) => `${k ? "L" : "M"}${x(k).toFixed(1)} ${y(n).toFixed(1)}`).join("");
  const ink = { fill: "currentColor", "font-size": 12 }, thin = { stroke: "currentColor", "stroke-opacity": 0.25 };

  function show() {
    const radius = Number(slider.value), chosen = starts[start.value];
    const { norms, slope } = measure(chosen.W, u, v, radius, activation.value);
    const last = norms[steps - 1], bare = radius ** (steps - 1), full = (radius * slope) ** (steps - 1);
    shown.textContent = radius.toFixed(2);
    slider.setAttribute("aria-valuetext", `radius ${radius.toFixed(2)}`);

    curve.replaceChildren();
    for (let p = LOW; p <= HIGH; p += 3) {
      draw(curve, "path", { d: `M52 ${y(10 ** p)}H430`, ...thin });
      draw(curve, "text", { x: 46, y: y(10 ** p) + 4, "text-anchor": "end", ...ink }, p ? `1e${p}` : "1");
    }
    for (let k = 0; k < steps; k += 20) draw(curve, "text", { x: x(k), y: 231, "text-anchor": "middle", ...ink }, k);
    draw(curve, "text", { x: 241, y: 247, "text-anchor": "middle", ...ink }, "lag (steps back)");
    const lines = [["rgb(0,114,178)", "", norms], ["rgb(213,94,0)", "6 4", norms.map((_, k) => radius ** k)],
      ["rgb(0,158,115)", "2 3", norms.map((_, k) => (radius * slope) ** k)]];
    ["measured norm", "ρ to the power of the lag", "(ρ · slope) to that power"].forEach((name, i) => {
      const [stroke, dash, values] = lines[i];
      draw(curve, "path", { d: path(values), fill: "none", stroke, "stroke-width": 2.5, "stroke-dasharray": dash });
      draw(curve, "path", { d: `M62 ${166 + 16 * i}h26`, stroke, "stroke-width": 2.5, "stroke-dasharray": dash });
      draw(curve, "text", { x: 94, y: 170 + 16 * i, ...ink }, name);
    });

    disc.replaceChildren();
    draw(disc, "circle", { cx: 110, cy: 112, r: 62, fill: "none", stroke: "currentColor", "stroke-dasharray": "4 3" });
    draw(disc, "path", { d: "M8 112H212M110 10V214", ...thin });
    for (const [re, im] of chosen.eigenvalues) {
      const out = radius * Math.hypot(re, im) > 1 + 1e-9;
      draw(disc, "circle", { cx: 110 + 62 * radius * re, cy: 112 - 62 * radius * im, r: 3.2,
        fill: out ? "rgb(213,94,0)" : "rgb(0,114,178)", "fill-opacity": 0.8 });
    }
    draw(disc, "text", { x: 110, y: 231, "text-anchor": "middle", ...ink }, "eigenvalues, and the circle");
    draw(disc, "text", { x: 110, y: 247, "text-anchor": "middle", ...ink }, "of absolute value 1");

    const said = `norm ${power(last)} at lag ${steps - 1}; ρ^k ${power(bare)}; (ρ·s)^k ${power(full)} with s = ${slope.toFixed(2)}`;
    curve.setAttribute("aria-label", `Gradient norm against lag, powers of ten: ${said}`);
    disc.setAttribute("aria-label", `Eigenvalues of W in the plane, the largest of absolute value ${radius.toFixed(2)}`);
    root.dataset.result = result.textContent = `radius ${radius.toFixed(2)}, ${activation.value}, ${start.value}: ${said}`;
    root.explorer = { norms, slope }; // for tests: full precision
  }

  for (const control of [slider, activation, start]) control.oninput = show;
  show();
  return { write() {}, stop() {} };
}
