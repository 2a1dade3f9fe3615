// A forecast with its band: mount(root, data) builds the explorer. Origin, steps ahead and promise under sliders.

const INK = { fill: "currentColor", "font-size": 12 }, THIN = { stroke: "currentColor", "stroke-opacity": 0.25 };

function mount(root, data) {
  const rows = (stored) => unpack(stored).map((row) => Array.from(row)), levels = data.levels;
  const known = rows(data.known), came = rows(data.came), flat = rows(data.quantiles);
  const past = known[0].length, steps = came[0].length, top = levels.length - 1;
  const quantile = (n, h, k) => flat[n * steps + h][k];
  const slider = (min, max, value) => [element("input", { type: "range", min, max, step: 1, value }), element("output")];
  const [origin, originShown] = slider(1, known.length, 1);
  const [ahead, aheadShown] = slider(1, steps, steps);
  const [band, bandShown] = slider(1, Math.floor(levels.length / 2), Math.floor(levels.length / 2));
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const picture = drawn("svg");
  picture.setAttribute("viewBox", "0 0 680 270");
  picture.setAttribute("role", "img");
  picture.style.width = "100%";
  const result = element("p", { class: "sx-note", "aria-live": "polite" });
  root.replaceChildren(labelled("Origin", origin, originShown), labelled("Ahead", ahead, aheadShown),
    labelled("Promise", band, bandShown), picture, result);

  const all = [...known.flat(), ...came.flat(), ...flat.flatMap((q) => [q[0], q[top]])];
  const low = Math.min(...all), high = Math.max(...all);
  const x = (t) => 46 + ((t + past - 1) / (past - 1 + steps)) * 622;
  const y = (v) => 226 - ((v - low) / (high - low)) * 212;
  const path = (points) => points.map(([t, v], k) => `${k ? "L" : "M"}${x(t).toFixed(1)} ${y(v).toFixed(1)}`).join("");

  function show() {
    const n = Number(origin.value) - 1, far = Number(ahead.value), k = Math.floor(levels.length / 2) - Number(band.value);
    const promise = Math.round(100 * (levels[top - k] - levels[k]));
    const within = (i, h) => quantile(i, h, k) <= came[i][h] && came[i][h] <= quantile(i, h, top - k);
    let here = 0, everywhere = 0;
    for (let i = 0; i < known.length; i++) for (let h = 0; h < far; h++) {
      if (within(i, h)) { everywhere++; if (i === n) here++; }
    }
    const hour = data.hours ? `, first hour ${data.hours[n]}` : "";
    originShown.textContent = `${n + 1} of ${known.length}${hour}`;
    aheadShown.textContent = `${far} of ${steps} steps`;
    bandShown.textContent = `${promise} %`;

    picture.replaceChildren();
    for (let g = 0; g <= 4; g++) {
      const value = low + (g / 4) * (high - low);
      draw(picture, "path", { d: `M46 ${y(value)}H668`, ...THIN });
      draw(picture, "text", { x: 40, y: y(value) + 4, "text-anchor": "end", ...INK }, value.toPrecision(3));
    }
    draw(picture, "path", { d: `M${x(0.5)} 10V226`, stroke: "currentColor", "stroke-dasharray": "3 3" });
    const hours = Array.from({ length: far }, (_, h) => h);
    const edge = (level) => hours.map((h) => [h + 1, quantile(n, h, level)]);
    draw(picture, "path", { d: `${path([...edge(top - k), ...edge(k).reverse()])}Z`, fill: "rgb(230,159,0)", "fill-opacity": 0.35 });
    draw(picture, "path", { d: path(known[n].map((v, t) => [t - past + 1, v])), fill: "none", stroke: "currentColor", "stroke-width": 1.8 });
    draw(picture, "path", { d: path(edge(top / 2)), fill: "none", stroke: "rgb(213,94,0)", "stroke-width": 2.2, "stroke-dasharray": "6 4" });
    for (const h of hours) {
      const out = !within(n, h);
      draw(picture, "circle", { cx: x(h + 1), cy: y(came[n][h]), r: out ? 4.5 : 3, fill: out ? "none" : "currentColor",
        stroke: out ? "rgb(213,94,0)" : "currentColor", "stroke-width": out ? 2 : 1 });
    }
    for (let t = -past + 1; t <= steps; t++) if (t % 12 === 0) {
      draw(picture, "text", { x: x(t), y: 243, "text-anchor": "middle", ...INK }, t);
    }
    draw(picture, "text", { x: 357, y: 262, "text-anchor": "middle", ...INK }, `steps from the origin; ${data.unit}`);

    const said = `band of ${promise} %: ${here} of ${far} values inside at this origin, ` +
      `${Math.round((100 * everywhere) / (far * known.length))} % over all ${known.length} origins`;
    picture.setAttribute("aria-label", `What was known, the forecast with its band, and what came. ${said}`);
    root.dataset.result = result.textContent = said;
    root.explorer = { here, everywhere, promise, far, n }; // for tests
  }

  for (const control of [origin, ahead, band]) control.oninput = show;
  show();
  return { write() {}, stop() {} };
}
