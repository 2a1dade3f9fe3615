// A filter slid along a sequence of DNA: mount(root, data, changed).

const DNA = "ACGT", LONGEST = 120;

// The same table for the other strand: places and letters both in the opposite order.
function turned(table) {
  return [...table].reverse().map((row) => [...row].reverse());
}

function scoresOf(letters, table) {
  const found = [];
  for (let t = 0; t + table.length <= letters.length; t++) {
    found.push(table.reduce((sum, row, j) => sum + row[letters[t + j]], 0));
  }
  return found;
}

function mount(root, data, changed = () => {}) {
  const input = element("input", { type: "text", spellcheck: "false", autocomplete: "off", maxlength: LONGEST,
    "aria-label": "DNA", style: "width:100%;font-family:ui-monospace,monospace" });
  const choice = element("select", { "aria-label": "Filter" },
    data.filters.map((filter, k) => element("option", { value: k }, [filter.name])));
  const strand = element("input", { type: "checkbox", "aria-label": "Read the other strand" });
  const slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Where the window begins" });
  const picture = element("div", { style: "overflow-x:auto;margin-top:8px", tabindex: "0", role: "group",
    "aria-label": "The scores along the sequence: arrow keys scroll" });
  const parts = element("p", { style: "font:13px/1.7 ui-monospace,monospace;overflow-wrap:anywhere" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  input.value = data.sequence;
  root.replaceChildren(labelled("DNA", input), labelled("Filter", choice),
    labelled("Other strand", strand), labelled("Window", slider), picture, parts, result);

  function draw(text, scores, place, width) {
    const step = 14, height = 110, low = Math.min(0, ...scores), high = Math.max(0.01, ...scores);
    const y = (value) => 8 + (height - 16) * (high - value) / (high - low);
    const sheet = drawn("svg", { viewBox: `0 0 ${step * text.length + 8} ${height + 24}`, role: "img",
      width: step * text.length + 8, height: height + 24, style: "background:#fff",
      "aria-label": `Scores at ${scores.length} places` });
    scores.forEach((score, t) => sheet.append(drawn("rect", { x: 4 + step * t + 2, width: step - 4,
      y: Math.min(y(score), y(0)), height: Math.max(1, Math.abs(y(score) - y(0))),
      fill: t === place ? "#D55E00" : "#56B4E9" })));
    sheet.append(drawn("rect", { x: 4 + step * place, y: height + 2, width: step * width, height: 20, rx: 3,
      fill: "#FBE7C6", stroke: "#D55E00" }));
    [...text].forEach((letter, t) => sheet.append(drawn("text", { x: 4 + step * (t + 0.5), y: height + 17,
      "text-anchor": "middle", "font-family": "ui-monospace,monospace", "font-size": 13, fill: "#222" }, letter)));
    picture.replaceChildren(sheet);
  }

  function show(toBest) {
    const text = input.value.toUpperCase().replace(/[^ACGT]/g, ""), filter = data.filters[Number(choice.value)];
    const table = strand.checked ? turned(filter.table) : filter.table, width = table.length;
    const letters = [...text].map((letter) => DNA.indexOf(letter)), scores = scoresOf(letters, table);
    root.explorer = { scores }; // for tests
    if (!scores.length) {
      picture.replaceChildren();
      parts.textContent = "";
      root.dataset.result = result.textContent = `The filter needs ${width} letters of A, C, G and T.`;
      return;
    }
    const best = scores.indexOf(Math.max(...scores));
    slider.max = scores.length - 1;
    if (toBest) slider.value = best;
    const place = Math.min(Number(slider.value), scores.length - 1);
    draw(text, scores, place, width);
    parts.textContent = table.map((row, j) =>
      `${text[place + j]} ${row[letters[place + j]].toFixed(2).replace("-", "−")}`).join(" · ");
    const rank = scores.filter((score) => score > scores[place]).length + 1;
    const said = `Letters ${place + 1} to ${place + width}: score ${scores[place].toFixed(2).replace("-", "−")}, ` +
      `rank ${rank} of ${scores.length}; the best place begins at letter ${best + 1}`;
    slider.setAttribute("aria-valuetext", `letter ${place + 1}`);
    root.dataset.result = result.textContent = said;
  }

  input.oninput = () => { show(true); changed(input.value); };
  choice.onchange = strand.onchange = () => show(true);
  slider.oninput = () => show(false);
  show(true);
  return { write(text) { if (text !== input.value) { input.value = text; show(true); } }, stop() {} };
}
