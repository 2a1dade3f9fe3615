// Seconds against length for an LSTM and for fused attention below a machine's roof: mount(root, data).

// The same arithmetic as cost.py: each step of the LSTM begins anew and fetches its weights.
function seconds([peak, bandwidth, begin], width, batch, lengths) {
  const step = begin + Math.max(16 * batch * width ** 2 / peak, 32 * width ** 2 / bandwidth);
  const attention = (T) => {
    const work = 8 * batch * T * width ** 2 + 4 * batch * T ** 2 * width;
    return 3 * begin + Math.max(work / peak, (16 * width ** 2 + 32 * batch * T * width) / bandwidth);
  };
  return { LSTM: lengths.map((T) => T * step), attention: lengths.map(attention) };
}

function mount(root, data) {
  const lengths = data.lengths;
  const slider = (max, min, value) => element("input", { type: "range", min, max, step: 1, value: Math.round(Math.log2(value)) });
  const width = slider(12, 4, data.width), batch = slider(8, 0, data.batch);
  const shown = { width: element("output"), batch: element("output") };
  const machine = element("select", {}, Object.keys(data.machines).map((name) => {
    const option = element("option", { value: name }, [name]);
    option.selected = name === data.machine;
    return option;
  }));
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const picture = drawn("svg");
  picture.setAttribute("viewBox", "0 0 520 260");
  picture.setAttribute("role", "img");
  picture.style.width = "100%";
  picture.style.maxWidth = "620px";
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  root.replaceChildren(
    labelled("Width D", width, shown.width), labelled("Batch B", batch, shown.batch),
    element("div", { class: "sx-controls" }, [labelled("Machine", machine)]), picture, result);

  const LOW = -6, HIGH = 4, ink = { fill: "currentColor", "font-size": 12 };
  const thin = { stroke: "currentColor", "stroke-opacity": 0.25 };
  const x = (T) => 56 + (Math.log2(T / lengths[0]) / Math.log2(lengths.at(-1) / lengths[0])) * 430;
  const y = (s) => 215 - ((Math.min(HIGH, Math.max(LOW, Math.log10(s))) - LOW) / (HIGH - LOW)) * 195;

  function show() {
    const D = 2 ** Number(width.value), B = 2 ** Number(batch.value);
    const found = seconds(data.machines[machine.value], D, B, lengths);
    const gap = lengths.map((_, i) => Math.log(found.attention[i] / found.LSTM[i]));
    const k = gap.findIndex((g) => g > 0); // between two lengths, a line between the logarithms
    const at = k < 0 ? 0 : k === 0 ? lengths[0] : lengths[k] * 2 ** (gap[k - 1] / (gap[k - 1] - gap[k]) - 1);
    shown.width.textContent = D;
    shown.batch.textContent = B;
    width.setAttribute("aria-valuetext", `width ${D}`);
    batch.setAttribute("aria-valuetext", `batch ${B}`);
    picture.replaceChildren();
    for (let p = LOW; p <= HIGH; p += 2) {
      draw(picture, "path", { d: `M56 ${y(10 ** p)}H486`, ...thin });
      draw(picture, "text", { x: 50, y: y(10 ** p) + 4, "text-anchor": "end", ...ink }, p ? `1e${p} s` : "1 s");
    }
    for (const T of lengths.filter((_, i) => i % 3 === 0)) {
      draw(picture, "text", { x: x(T), y: 232, "text-anchor": "middle", ...ink }, T.toLocaleString("en"));
    }
    draw(picture, "text", { x: 280, y: 252, "text-anchor": "middle", ...ink }, "length T (steps)");
    if (at) draw(picture, "path", { d: `M${x(at)} 20V215`, stroke: "currentColor", "stroke-dasharray": "2 4" });
    [["LSTM", found.LSTM, "rgb(0,114,178)", ""], ["fused attention", found.attention, "rgb(213,94,0)", "6 4"]]
      .forEach(([name, values, stroke, dash], i) => {
        const d = values.map((s, k) => `${k ? "L" : "M"}${x(lengths[k]).toFixed(1)} ${y(s).toFixed(1)}`).join("");
        draw(picture, "path", { d, fill: "none", stroke, "stroke-width": 2.5, "stroke-dasharray": dash });
        draw(picture, "path", { d: `M66 ${30 + 16 * i}h26`, stroke, "stroke-width": 2.5, "stroke-dasharray": dash });
        draw(picture, "text", { x: 98, y: 34 + 16 * i, ...ink }, name);
      });
    const where = at ? `from ${Math.round(at).toLocaleString("en")} steps on` : `at no length up to ${lengths.at(-1).toLocaleString("en")}`;
    const said = `${machine.value}, width ${D}, batch ${B}: attention is the slower one ${where}`;
    picture.setAttribute("aria-label", `Seconds against length, both axes logarithmic. ${said}`);
    root.dataset.result = result.textContent = said;
    root.explorer = found; // for tests: full precision
  }

  for (const control of [width, batch, machine]) control.oninput = show;
  show();
  return { write() {}, stop() {} };
}
