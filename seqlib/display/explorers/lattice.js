// CTC's lattice of a word: mount(root, data) builds the explorer. Forward, backward, and every path, in plain products.

const BLANK = "–", MOST_PATHS = 500;

function shown(x) {
  if (x === 0) return "0";
  return x >= 0.001 ? x.toPrecision(3) : x.toExponential(2);
}

// p(word), the number of paths, the posterior of each state in each frame, and the likeliest paths.
function measure(heard, word, sure) {
  const T = heard.length, symbols = [BLANK, ...[...new Set([...heard, ...word])].filter((c) => c !== BLANK).sort()];
  const rest = symbols.length > 1 ? (1 - sure) / (symbols.length - 1) : 1;
  const p = (t, symbol) => (symbols.length < 2 ? 1 : heard[t] === symbol ? sure : rest);
  const row = [BLANK, ...word.flatMap((c) => [c, BLANK])], S = row.length;
  const from = (s) => [s, s - 1, ...(s > 1 && row[s] !== BLANK && row[s] !== row[s - 2] ? [s - 2] : [])].filter((k) => k >= 0);
  const alpha = [row.map((c, s) => (s < 2 ? p(0, c) : 0))], ways = [row.map((_, s) => (s < 2 ? 1 : 0))];
  for (let t = 1; t < T; t++) {
    alpha.push(row.map((c, s) => from(s).reduce((sum, k) => sum + alpha[t - 1][k], 0) * p(t, c)));
    ways.push(row.map((_, s) => from(s).reduce((sum, k) => sum + ways[t - 1][k], 0)));
  }
  const beta = Array.from({ length: T }, () => row.map(() => 0));
  for (let s = Math.max(0, S - 2); s < S; s++) beta[T - 1][s] = 1;
  for (let t = T - 1; t > 0; t--)
    row.forEach((c, s) => from(s).forEach((k) => { beta[t - 1][k] += beta[t][s] * p(t, c); }));
  const ends = (table) => table[T - 1].slice(Math.max(0, S - 2)).reduce((a, b) => a + b, 0);
  const total = ends(alpha), posterior = alpha.map((a, t) => a.map((x, s) => (total ? (x * beta[t][s]) / total : 0)));
  // The likeliest paths, the best first: for each state the MOST_PATHS best ways into it.
  let best = row.map((c, s) => (s < 2 ? [{ p: p(0, c), states: [s] }] : []));
  for (let t = 1; t < T; t++)
    best = row.map((c, s) => from(s).flatMap((k) => best[k]).sort((a, b) => b.p - a.p).slice(0, MOST_PATHS)
      .map((way) => ({ p: way.p * p(t, c), states: [...way.states, s] })));
  const paths = best.slice(Math.max(0, S - 2)).flat().sort((a, b) => b.p - a.p).slice(0, MOST_PATHS);
  return { row, p: total, paths, count: ends(ways), posterior, from };
}

function mount(root, data) {
  const text = (value, most) => element("input", { type: "text", value, maxlength: most, spellcheck: "false", autocapitalize: "off" });
  const heard = text(data.heard, data.most.heard), word = text(data.word, data.most.word);
  const sure = element("input", { type: "range", min: 0.05, max: 0.99, step: 0.01, value: data.sure });
  const walk = element("input", { type: "range", min: 1, max: 1, step: 1, value: 1 });
  const sureShown = element("output"), walkShown = element("output");
  const grid = drawn("svg");
  grid.setAttribute("role", "img");
  grid.style.cssText = "width:100%;margin-top:8px";
  const title = element("h3"), note = element("p", { class: "sx-note" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  root.replaceChildren(
    element("div", { class: "sx-controls" }, [labelled("Heard", heard), labelled("Word", word),
      labelled("Sure", sure, sureShown), labelled("Path", walk, walkShown)]),
    title, grid, note, result);
  let now = null;

  function compute() {
    const clean = (node, blanks) => [...node.value.replaceAll("-", BLANK)].filter((c) => c.trim() && (blanks || c !== BLANK));
    const frames = clean(heard, true), letters = clean(word, false);
    if (!frames.length || !letters.length) { title.textContent = "Write at least one character in both fields."; return; }
    now = { ...measure(frames, letters, Number(sure.value)), heard: frames, word: letters };
    walk.max = Math.max(1, now.paths.length);
    walk.value = 1;
    paint();
  }

  function paint() {
    const { row, posterior, from, heard: frames, paths, count } = now, T = frames.length, S = row.length;
    const chosen = paths[Number(walk.value) - 1], wide = Math.min(56, 640 / T), tall = 26;
    const x = (t) => 40 + wide * (t + 0.5), y = (s) => 18 + tall * s, ink = { fill: "currentColor", "font-size": 14 };
    grid.setAttribute("viewBox", `0 0 ${Math.round(52 + wide * T)} ${tall * S + 26}`);
    grid.style.maxWidth = `${Math.round(52 + wide * T)}px`;
    grid.replaceChildren();
    row.forEach((c, s) => {
      draw(grid, "text", { x: 8, y: y(s) + 5, ...ink }, c);
      for (let t = 1; t < T; t++) for (const k of from(s)) {
        const used = chosen && chosen.states[t - 1] === k && chosen.states[t] === s;
        draw(grid, "path", { d: `M${x(t - 1)} ${y(k)}L${x(t)} ${y(s)}`, stroke: used ? "rgb(213,94,0)" : "currentColor",
          "stroke-opacity": used ? 1 : 0.18, "stroke-width": used ? 3.5 : 1 });
      }
    });
    frames.forEach((c, t) => {
      row.forEach((_, s) => {
        draw(grid, "circle", { cx: x(t), cy: y(s), r: 8, fill: "rgb(0,114,178)", "fill-opacity": posterior[t][s], stroke: "currentColor",
          "stroke-opacity": 0.5 });
      });
      draw(grid, "text", { x: x(t), y: tall * S + 18, "text-anchor": "middle", ...ink }, c);
    });
    sureShown.textContent = `${Math.round(100 * sure.value)} % a frame`;
    walkShown.textContent = paths.length ? `${walk.value} of ${count.toLocaleString("en")}` : "none";
    const spelled = now.word.join("");
    title.textContent = count ? `p(“${spelled}”) = ${shown(now.p)}: the sum of ${count.toLocaleString("en")} paths`
      : `“${spelled}” needs more than ${T} frames: no path spells it, p = 0 and the loss is infinite`;
    note.textContent = chosen ? `This path: ${chosen.states.map((s) => row[s]).join(" ")}, p = ${shown(chosen.p)}, `
      + `${(100 * chosen.p / now.p).toFixed(1)} % of the sum.` + (count > MOST_PATHS ? ` (The slider walks through the ${MOST_PATHS} likeliest.)` : "") : "";
    grid.setAttribute("aria-label", `${title.textContent}. ${note.textContent}`);
    result.textContent = title.textContent;
    root.dataset.result = `heard=${frames.join("")} word=${spelled} p=${now.p.toExponential(6)} paths=${count} shown=${chosen ? chosen.p.toExponential(6) : 0}`;
    root.explorer = { posterior, p: now.p, paths: count }; // for tests: full precision
  }

  for (const node of [heard, word, sure]) node.oninput = compute;
  walk.oninput = paint;
  compute();
  return { write() {}, stop() {} };
}
