// A 2 × 2 matrix under sliders, a vector and the unit circle multiplied by it: mount(root, data) builds the explorer.
// Rows are vectors: v becomes v W. Everything is computed here, in double precision.

const MOST = 20;
const BLUE = "rgb(0,114,178)", RED = "rgb(213,94,0)", GREEN = "rgb(0,158,115)";

const times = ([x, y], W) => [x * W[0][0] + y * W[1][0], x * W[0][1] + y * W[1][1]];

// The eigenvalues [re, im], the larger in absolute value first, and for real ones the direction with v W = λ v.
function eigen(W) {
  const [[a, b], [c, d]] = W, half = (a + d) / 2, root = half * half - (a * d - b * c);
  if (root < -1e-12) return { values: [[half, Math.sqrt(-root)], [half, -Math.sqrt(-root)]], directions: [] };
  const r = Math.sqrt(Math.max(0, root)), reals = [half + r, half - r].sort((p, q) => Math.abs(q) - Math.abs(p));
  const directions = reals.map((value) => {
    // v (W - λ) = 0: v stands at right angles to a column of W - λ that is not zero.
    const columns = [[a - value, c], [b, d - value]].sort((p, q) => Math.hypot(...q) - Math.hypot(...p));
    const [p, q] = columns[0], size = Math.hypot(p, q);
    return size < 1e-9 ? null : [-q / size, p / size];
  });
  return { values: reals.map((value) => [value, 0]), directions };
}

function mount(root, data) {
  const slide = (name, low, high, step, value) => {
    const input = element("input", { type: "range", min: low, max: high, step, value, "aria-label": name });
    const output = element("output");
    const label = element("label", {}, [element("span", {}, [name]), input, output]);
    return { input, output, label, get value() { return Number(input.value); } };
  };
  const W = [[0, 0], [0, 0]].map((row, i) => row.map((_, j) =>
    slide(`W, row ${i + 1}, column ${j + 1}`, -1.5, 1.5, 0.05, data.matrix[i][j])));
  const angle = slide("Direction of v, degrees", 0, 360, 5, data.degrees);
  const count = slide("Products with W", 0, MOST, 1, data.times);
  const preset = element("select", {}, ["a matrix of your own", ...Object.keys(data.presets)].map((name) =>
    element("option", { value: name }, [name])));
  const plane = drawn("svg"), curve = drawn("svg");
  plane.setAttribute("viewBox", "0 0 300 300");
  curve.setAttribute("viewBox", "0 0 300 300");
  for (const svg of [plane, curve]) { svg.setAttribute("role", "img"); svg.style.width = "100%"; }
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const side = (svg) => element("div", { style: "flex:1 1 260px;min-width:0;max-width:420px" }, [svg]);
  root.replaceChildren(
    element("label", {}, [element("span", {}, ["Take a matrix that"]), preset]),
    ...W.flat().map((one) => one.label), angle.label, count.label,
    element("div", { style: "display:flex;flex-wrap:wrap;gap:8px" }, [side(plane), side(curve)]), result);

  const ink = { fill: "currentColor", "font-size": 12 }, thin = { stroke: "currentColor", "stroke-opacity": 0.25 };

  function show() {
    const matrix = W.map((row) => row.map((one) => one.value)), k = count.value, turn = (angle.value * Math.PI) / 180;
    const named = Object.keys(data.presets).find((name) => JSON.stringify(data.presets[name]) === JSON.stringify(matrix));
    preset.value = named ?? "a matrix of your own";
    for (const one of [...W.flat(), angle, count]) one.output.textContent = one.input.value;
    const track = [[Math.cos(turn), Math.sin(turn)]];
    for (let i = 0; i < MOST; i++) track.push(times(track[i], matrix));
    const lengths = track.map(([x, y]) => Math.hypot(x, y)), { values, directions } = eigen(matrix);
    const rho = Math.hypot(...values[0]), turns = values[0][1] !== 0;

    const ring = Array.from({ length: 91 }, (_, i) => [Math.cos(i * Math.PI / 45), Math.sin(i * Math.PI / 45)]);
    const image = ring.map((v) => times(v, matrix));
    const seen = [...image, ...track.slice(0, k + 1)].map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)));
    const scale = 135 / Math.min(6, Math.max(1.3, ...seen));
    const at = ([x, y]) => [150 + scale * x, 150 - scale * y];
    const line = (points) => points.map((p, i) => `${i ? "L" : "M"}${at(p).map((z) => z.toFixed(1)).join(" ")}`).join("");
    plane.replaceChildren();
    draw(plane, "path", { d: "M5 150H295M150 5V295", ...thin });
    directions.forEach((d, i) => {
      if (d) draw(plane, "path", { d: line([d.map((z) => -9 * z), d.map((z) => 9 * z)]), stroke: GREEN,
        "stroke-width": 1.5, "stroke-dasharray": i ? "2 4" : "8 4" });
    });
    draw(plane, "path", { d: line(ring), fill: "none", stroke: "currentColor", "stroke-dasharray": "2 3" });
    draw(plane, "path", { d: line(image), fill: "none", stroke: BLUE, "stroke-width": 2 });
    draw(plane, "path", { d: line(track.slice(0, k + 1)), fill: "none", stroke: RED, "stroke-dasharray": "5 3" });
    track.slice(0, k + 1).forEach((p, i) => {
      const [cx, cy] = at(p);
      draw(plane, "circle", { cx, cy, r: i === 0 || i === k ? 5 : 3, fill: i ? RED : "currentColor" });
    });
    draw(plane, "text", { x: 8, y: 16, ...ink, stroke: "Canvas", "stroke-width": 4, "paint-order": "stroke" },
      "dotted: circle; blue: circle × W");
    draw(plane, "text", { x: 8, y: 292, ...ink }, directions.some(Boolean) ? "green: only stretched" : "no direction stays");

    const y = (value) => 135 - 38 * Math.max(-3, Math.min(3, Math.log10(Math.max(value, 1e-9))));
    const x = (i) => 45 + (i / MOST) * 245;
    const path = (all) => all.map((n, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(n).toFixed(1)}`).join("");
    curve.replaceChildren();
    for (let p = -3; p <= 3; p++) {
      draw(curve, "path", { d: `M45 ${y(10 ** p)}H290`, ...thin });
      draw(curve, "text", { x: 40, y: y(10 ** p) + 4, "text-anchor": "end", ...ink }, p ? `1e${p}` : "1");
    }
    for (let i = 0; i <= MOST; i += 5) draw(curve, "text", { x: x(i), y: 266, "text-anchor": "middle", ...ink }, i);
    draw(curve, "text", { x: 167, y: 283, "text-anchor": "middle", ...ink }, "products with W");
    draw(curve, "path", { d: path(lengths), fill: "none", stroke: RED, "stroke-width": 2.5 });
    draw(curve, "path", { d: path(lengths.map((_, i) => rho ** i)), fill: "none", stroke: GREEN, "stroke-width": 2,
      "stroke-dasharray": "6 4" });
    draw(curve, "circle", { cx: x(k), cy: y(lengths[k]), r: 5, fill: RED });
    draw(curve, "text", { x: 52, y: 14, ...ink }, "length of v; dashed: |λ| to that power");

    const told = turns ? `every direction turns, |λ| = ${rho.toFixed(2)}`
      : `eigenvalues ${values[0][0].toFixed(2)} and ${values[1][0].toFixed(2)}`;
    const said = `${told}; after ${k} products v has length ${lengths[k].toPrecision(3)}, |λ|^${k} is ${(rho ** k).toPrecision(3)}`;
    plane.setAttribute("aria-label", `The plane: the unit circle, the circle times W, and v after each product. ${said}`);
    curve.setAttribute("aria-label", `Length of v against the number of products, powers of ten. ${said}`);
    root.dataset.result = result.textContent = said;
    root.explorer = { track, lengths, values }; // for tests: full precision
  }

  preset.oninput = () => {
    const chosen = data.presets[preset.value];
    if (chosen) chosen.forEach((row, i) => row.forEach((value, j) => { W[i][j].input.value = value; }));
    show();
  };
  for (const one of [...W.flat(), angle, count]) one.input.oninput = show;
  show();
  return { write() {}, stop() {} };
}
