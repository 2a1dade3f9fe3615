// A two-way LSTM tags the first k words of a sentence; a slider gives it one word more: mount(root, data, changed).
// Each direction: i, f, g, o = quarters of x_t W + h U + b; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c).

const LONGEST = 40; // words read; more would only be scrolled past

function addProduct(out, row, matrix) {
  for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j] += row[i] * matrix[i][j];
  return out;
}

function read(rows, W, U, b) {
  const size = U.length;
  let h = new Float64Array(size), c = new Float64Array(size);
  return rows.map((x) => {
    const sums = addProduct(addProduct(Float64Array.from(b[0]), x, W), h, U);
    c = c.map((old, j) => sigmoid(sums[size + j]) * old + sigmoid(sums[j]) * Math.tanh(sums[2 * size + j]));
    h = c.map((value, j) => sigmoid(sums[3 * size + j]) * Math.tanh(value));
    return h;
  });
}

// [{tag, p}] for each word.
function tagged(ids, w, tags) {
  const rows = ids.map((id) => w.E[id]);
  const ahead = read(rows, w.W_ahead, w.U_ahead, w.b_ahead);
  const back = read([...rows].reverse(), w.W_back, w.U_back, w.b_back).reverse();
  return rows.map((_, t) => {
    const scores = addProduct(Float64Array.from(w.b_y[0]), [...ahead[t], ...back[t]], w.W_hy);
    const top = Math.max(...scores), total = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
    return { tag: tags[scores.indexOf(top)], p: 1 / total };
  });
}

function mount(root, data, changed = () => {}) {
  const w = unpackEach(data.weights);
  const index = new Map(data.vocab.map((word, i) => [word, i])), unknown = index.get("<unk>") ?? 0;
  const input = element("input", { type: "text", spellcheck: "false", autocomplete: "off", "aria-label": "Your sentence" });
  const slider = element("input", { type: "range", min: 1, max: 1, step: 1, value: 1, "aria-label": "Words read" });
  const shown = element("output"), strip = element("div", { role: "img",
    style: "display:flex;flex-wrap:wrap;gap:8px 12px;margin-top:12px" });
  const note = element("p", { class: "sx-note", role: "status" });
  const said = element("p", { "aria-live": "polite", style: "margin-top:10px" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  input.value = data.text;
  root.replaceChildren(labelled("Sentence", input), labelled("Words read", slider, shown), note, strip, said);

  function show(all) {
    const words = input.value.split(/\s+/).filter(Boolean).slice(0, LONGEST);
    const ids = words.map((word) => index.get(word.toLowerCase()) ?? unknown);
    slider.max = Math.max(1, words.length);
    if (all !== undefined) slider.value = Math.min(all, words.length);
    const k = Math.min(Number(slider.value), words.length);
    const now = tagged(ids.slice(0, k), w, data.tags), before = tagged(ids.slice(0, Math.max(0, k - 1)), w, data.tags);
    const turned = before.flatMap((old, t) => old.tag === now[t].tag ? [] : [[t, old.tag, now[t].tag]]);
    const strange = words.filter((_, t) => ids[t] === unknown).map((word) => `“${word}”`);
    note.textContent = strange.length ? `Not among this grammar's words, read as <unk>: ${strange.join(" ")}` : "";
    strip.replaceChildren(...words.map((word, t) => {
      const at = now[t], new_tag = turned.some(([place]) => place === t);
      const style = `text-align:center;padding:4px 6px;border-radius:5px;` + (at ? "" : "outline:1px dashed currentColor;") +
        (new_tag ? "background:rgba(213,94,0,.28);outline:2px solid rgb(213,94,0)" : "background:rgba(127,127,127,.12)");
      return element("div", { style }, [
        element("div", { style: "font:600 15px var(--jp-code-font-family,ui-monospace,monospace)" }, [word]),
        element("div", { style: "font-size:12px" }, [at ? at.tag : "not read"]),
        element("div", { style: "font-size:11px" }, [at ? `${(100 * at.p).toFixed(0)} %` : "–"]),
      ]);
    }));
    strip.setAttribute("aria-label", now.map((at, t) => `${words[t]}: ${at.tag}`).join(", "));
    shown.textContent = `${k} of ${words.length}`;
    slider.setAttribute("aria-valuetext", `${k} of ${words.length} words`);
    said.textContent = !k ? "Type a sentence of the grammar." : turned.length
      ? `“${words[k - 1]}” changes: ` + turned.map(([t, old, tag]) => `“${words[t]}” was ${old} and is ${tag} now`).join("; ") + "."
      : `“${words[k - 1]}” changes nothing before it.`;
    root.dataset.result = now.map((at) => `${at.tag}:${at.p.toFixed(4)}`).join(" ");
    root.explorer = { tags: now, turned }; // for tests
  }

  slider.oninput = () => show();
  input.oninput = () => { show(LONGEST); changed(input.value); };
  show(data.read);
  return { write(text) { if (text !== input.value) { input.value = text; show(LONGEST); } }, stop() {} };
}
