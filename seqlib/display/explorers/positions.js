// Scores against the distance of two places: mount(root, data, changed). Sinusoids alone, added to words, or rotary.

const CLOCKS = 8;

const dot = (x, y) => x.reduce((sum, value, j) => sum + value * y[j], 0);

// Pair i of a place turns by place · base^(-2i / D).
function waves(place, { width, base }) {
  return Array.from({ length: width }, (_, j) => {
    const angle = place * base ** (-(j - (j % 2)) / width);
    return j % 2 ? Math.cos(angle) : Math.sin(angle);
  });
}

// Columns i and i + D/2 are a pair.
function turned(word, place, { width, base }) {
  const half = width / 2;
  return Array.from({ length: width }, (_, j) => {
    const i = j % half, angle = place * base ** (-i / half), a = word[i], b = word[i + half];
    return j < half ? a * Math.cos(angle) - b * Math.sin(angle) : b * Math.cos(angle) + a * Math.sin(angle);
  });
}

// What stands at a place: as a query q or as a key k.
function standing(word, place, now) {
  if (now.way === "rotary") return turned(word, place, now);
  const p = waves(place, now);
  return now.way === "sinusoids alone" ? p : p.map((value, j) => value + word[j]);
}

// scores[t][d] for each place t from `farthest` to `last`: each query and key is computed once.
function scoresOf(words, now, farthest, last) {
  const [q, k] = [words[0], words[now.same ? 0 : 1]], over = now.way === "sinusoids alone" ? now.width / 2 : Math.sqrt(now.width);
  const keys = Array.from({ length: last + 1 }, (_, s) => standing(k, s, now)), found = new Map();
  for (let t = farthest; t <= last; t++) {
    const query = standing(q, t, now);
    found.set(t, Array.from({ length: farthest + 1 }, (_, d) => dot(query, keys[t - d]) / over));
  }
  return found;
}

const signed = (x) => (Math.abs(x) < 0.005 ? "0.00" : x.toFixed(2)).replace("-", "−");
const whole = (x) => Math.round(x).toLocaleString("en");

function mount(root, data, changed = () => {}) {
  const way = element("select", {}, data.ways.map((name) => element("option", name === data.way ? { selected: "" } : {}, [name])));
  const same = element("input", { type: "checkbox", ...(data.same ? { checked: "" } : {}) });
  const range = (min, max, step, value) => element("input", { type: "range", min, max, step, value });
  const knobs = { width: range(2, data.widest, 2, data.width), base: range(1, 6, 0.25, Math.log10(data.base)),
    place: range(data.farthest, data.last, 1, data.farthest), distance: range(0, data.farthest, 1, 8) };
  const said = Object.fromEntries(Object.keys(knobs).map((name) => [name, element("output")]));
  const sheet = drawn("svg", { role: "img", style: "display:block;width:100%;height:auto;margin-top:8px" });
  const clocks = drawn("svg", { role: "img", style: "display:block;width:100%;height:auto" });
  const note = element("p", { class: "sx-note" }), result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const pairs = element("h3");
  root.replaceChildren(element("div", { class: "sx-controls" }, [labelled("Way", way), labelled("Same word at both places", same),
    labelled("Width", knobs.width, said.width), labelled("Base", knobs.base, said.base),
    labelled("Place", knobs.place, said.place), labelled("Distance", knobs.distance, said.distance)]), sheet, note, pairs, clocks, result);

  let now = null, scores = null, low = [], high = [];

  // A unit of a drawing is a pixel of the page, so that its words stay readable on a phone.
  const room = () => Math.max(260, Math.min(752, sheet.clientWidth || 720));

  function compute() {
    const base = Number(knobs.base.value) === Math.log10(data.base) ? data.base : 10 ** Number(knobs.base.value);
    now = { way: way.value, same: same.checked, width: Number(knobs.width.value), base };
    scores = scoresOf(data.words, now, data.farthest, data.last);
    const at = (d) => Array.from(scores.values(), (row) => row[d]);
    low = Array.from({ length: data.farthest + 1 }, (_, d) => Math.min(...at(d)));
    high = low.map((_, d) => Math.max(...at(d)));
    same.disabled = now.way === "sinusoids alone";
    show();
  }

  function show() {
    const place = Number(knobs.place.value), d = Number(knobs.distance.value), row = scores.get(place);
    Object.assign(said.width, { textContent: `${now.width} numbers` });
    said.base.textContent = whole(now.base);
    said.place.textContent = `${place}`;
    said.distance.textContent = `${d}, to place ${place - d}`;
    for (const [name, knob] of Object.entries(knobs)) knob.setAttribute("aria-valuetext", said[name].textContent);
    drawScores(row, d);
    drawClocks(place, d);
    const apart = high[d] - low[d];
    const from = apart < 1e-6 ? "the same from every place" : `from ${signed(low[d])} to ${signed(high[d])}, depending on the place`;
    note.textContent = `Line: from place ${place}. Shaded: lowest to highest over the places ${data.farthest} to ${data.last}.`;
    const told = `${now.way}, width ${now.width}, base ${whole(now.base)}: at distance ${d} the score is ${signed(row[d])}, ${from}.`;
    sheet.setAttribute("aria-label", `Scores against distance. ${told}`);
    root.dataset.result = result.textContent = told;
    root.explorer = { scores: row, low, high }; // for tests: full precision
  }

  function drawScores(row, d) {
    const bottom = Math.min(0, ...low), top = Math.max(0, ...high), wide = room(), x = (k) => 52 + ((wide - 64) * k) / data.farthest;
    const y = (value) => 14 + (200 * (top - value)) / (top - bottom || 1), ink = { fill: "currentColor", "font-size": 13 };
    const line = (values) => values.map((value, k) => `${x(k).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    sheet.setAttribute("viewBox", `0 0 ${wide} 250`);
    sheet.replaceChildren(
      drawn("path", { d: `M${line(high)}L${[...low].map((value, k) => `${x(k).toFixed(1)} ${y(value).toFixed(1)}`).reverse().join("L")}Z`, fill: "rgba(230,159,0,.35)", stroke: "rgba(230,159,0,.8)" }),
      drawn("path", { d: `M52 ${y(0)}H${wide - 12}`, stroke: "currentColor", "stroke-opacity": 0.4 }),
      drawn("path", { d: `M${line(row)}`, fill: "none", stroke: "rgb(47,111,206)", "stroke-width": 2.5 }),
      drawn("path", { d: `M${x(d)} 14V214`, stroke: "currentColor", "stroke-dasharray": "4 3" }),
      drawn("circle", { cx: x(d), cy: y(row[d]), r: 5, fill: "currentColor" }));
    for (const value of new Set([bottom, 0, top])) sheet.append(drawn("text", { x: 46, y: y(value) + 4, "text-anchor": "end", ...ink }, signed(value)));
    for (let k = 0; k <= data.farthest; k += 16) sheet.append(drawn("text", { x: x(k), y: 232, "text-anchor": "middle", ...ink }, `${k}`));
    sheet.append(drawn("text", { x: wide / 2 + 20, y: 248, "text-anchor": "middle", ...ink }, "distance"));
  }

  // Some pairs as clocks: the hand of the query's place is full, the key's is broken.
  function drawClocks(place, d) {
    const half = now.width / 2, count = Math.min(CLOCKS, half), chosen = Array.from({ length: count }, (_, k) => count < 2 ? 0 : Math.round((k * (half - 1)) / (count - 1)));
    const turns = chosen.map((i) => 2 * Math.PI * now.base ** (i / half));
    pairs.textContent = `Each pair of columns is a clock; ${half > count ? `${count} of ${half}` : `all ${half}`}, with the places that one turn takes`;
    clocks.replaceChildren();
    const wide = room(), row = Math.min(CLOCKS, Math.floor(wide / 80)), gap = wide / row;
    clocks.setAttribute("viewBox", `0 0 ${wide} ${100 * Math.ceil(count / row)}`);
    clocks.setAttribute("aria-label", `${pairs.textContent}: ${turns.map((turn) => turn < 100 ? turn.toFixed(1) : whole(turn)).join(", ")}`);
    turns.forEach((turn, k) => {
      const cx = gap * ((k % row) + 0.5), cy = 38 + 100 * Math.floor(k / row), hand = (at, look) => drawn("line", { x1: cx, y1: cy, x2: cx + 28 * Math.sin((2 * Math.PI * at) / turn), y2: cy - 28 * Math.cos((2 * Math.PI * at) / turn), stroke: "currentColor", ...look });
      clocks.append(drawn("circle", { cx, cy, r: 32, fill: "none", stroke: "currentColor", "stroke-opacity": 0.5 }),
        hand(place, { "stroke-width": 3 }), hand(place - d, { "stroke-width": 2, "stroke-dasharray": "4 3" }),
        drawn("text", { x: cx, y: cy + 52, "text-anchor": "middle", "font-size": 14, fill: "currentColor" }, turn < 100 ? turn.toFixed(1) : whole(turn)));
    });
  }

  way.onchange = same.onchange = compute;
  knobs.width.oninput = knobs.base.oninput = () => { compute(); changed(knobs.base.value); };
  knobs.place.oninput = knobs.distance.oninput = show;
  compute();
  const watch = new ResizeObserver(() => show());
  watch.observe(root);
  return { write() {}, stop() { watch.disconnect(); } };
}
