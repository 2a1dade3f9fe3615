// A small GPT block by block: mount(root, data) builds the explorer. In double precision, all places at once:
// x = table; in each block x += heads(norm(x)) W_o, then x += feed-forward(norm(x)). The lens: softmax(norm(x) head).

const ORANGE = [213, 94, 0];

const unpackPair = (pair) => pair && { W: unpack(pair[0]), b: pair[1] && unpack(pair[1])[0] };

function unpackAll(stored) {
  const blocks = stored.blocks.map((block) =>
    Object.fromEntries(Object.entries(block).map(([name, pair]) => [name, unpackPair(pair)])));
  return { tokens: unpack(stored.tokens), head: unpack(stored.head), places: stored.places && unpack(stored.places),
    norm: unpackPair(stored.norm), blocks };
}

const sum = (row) => row.reduce((a, b) => a + b, 0);
const plus = (x, y) => x.map((row, t) => row.map((value, j) => value + y[t][j]));

function times(rows, { W, b }) {
  return rows.map((row) => {
    const out = b ? Float64Array.from(b) : new Float64Array(W[0].length);
    for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j] += row[i] * W[i][j];
    return out;
  });
}

// RMSNorm has no shift; layer norm takes the mean off first.
function normed(rows, { W: [scale], b: shift }, epsilon) {
  return rows.map((row) => {
    const mean = shift ? sum(row) / row.length : 0, size = sum(row.map((v) => (v - mean) ** 2)) / row.length;
    return row.map((v, j) => ((v - mean) / Math.sqrt(size + epsilon)) * scale[j] + (shift ? shift[j] : 0));
  });
}

// Column i and i + d_k/2 of a head are a pair, turned by place · 10000^(-i / (d_k/2)).
function turned(row, d_k, place) {
  const half = d_k / 2, out = new Float64Array(row.length);
  for (let start = 0; start < row.length; start += d_k) for (let i = 0; i < half; i++) {
    const angle = place * 10000 ** (-i / half), cos = Math.cos(angle), sin = Math.sin(angle);
    const a = row[start + i], b = row[start + i + half];
    out[start + i] = a * cos - b * sin;
    out[start + i + half] = b * cos + a * sin;
  }
  return out;
}

function attend(x, block, heads, rotary, silent) {
  const d_k = x[0].length / heads, turn = (rows) => (rotary ? rows.map((row, t) => turned(row, d_k, t)) : rows);
  const q = turn(times(x, block.W_q)), k = turn(times(x, block.W_k)), v = times(x, block.W_v);
  const share = (heads * d_k) / k[0].length; // query heads that read one shared head
  const out = x.map((row) => new Float64Array(row.length)), weights = [];
  for (let a = 0; a < heads; a++) {
    const from = a * d_k, shared = Math.floor(a / share) * d_k;
    weights.push(x.map((_, t) => {
      const scores = Float64Array.from({ length: t + 1 }, (_, s) => {
        let dot = 0;
        for (let i = 0; i < d_k; i++) dot += q[t][from + i] * k[s][shared + i];
        return dot / Math.sqrt(d_k);
      });
      const row = softmax(scores);
      if (!silent(a)) row.forEach((w, s) => { for (let i = 0; i < d_k; i++) out[t][from + i] += w * v[s][shared + i]; });
      return row;
    }));
  }
  return { added: times(out, block.W_o), weights };
}

function feedForward(x, block) {
  const up = times(x, block.W_up), gate = block.W_gate && times(x, block.W_gate);
  const bent = up.map((row, t) => row.map((u, j) => gate ? (gate[t][j] / (1 + Math.exp(-gate[t][j]))) * u
    : 0.5 * u * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (u + 0.044715 * u ** 3)))));
  return times(bent, block.W_down);
}

// off: a set of "block.head" and "block.feed-forward", from 0.
function readAll(w, ids, heads, epsilon, off) {
  let x = ids.map((id, t) => w.tokens[id].map((value, j) => value + (w.places ? w.places[t][j] : 0)));
  const stream = [x], weights = [];
  w.blocks.forEach((block, n) => {
    const read = attend(normed(x, block.norm_1, epsilon), block, heads, !w.places, (a) => off.has(`${n}.${a}`));
    weights.push(read.weights);
    stream.push(x = plus(x, read.added));
    if (!off.has(`${n}.feed-forward`)) x = plus(x, feedForward(normed(x, block.norm_2, epsilon), block));
    stream.push(x);
  });
  return { weights, odds: stream.map((rows) => times(normed(rows, w.norm, epsilon), { W: w.head }).map(softmax)),
    length: stream.map((rows) => rows.map((row) => Math.sqrt(sum(row.map((v) => v * v))))) };
}

const percent = (p) => `${(100 * p).toFixed(p < 0.0995 ? 1 : 0)} %`;

// A table of numbers from 0 to 1 as a picture of one pixel a number, stretched by the page.
function paint(canvas, rows, columns) {
  canvas.width = columns;
  canvas.height = rows.length;
  const pixels = canvas.getContext("2d").createImageData(columns, rows.length);
  rows.forEach((row, r) => row.forEach((value, c) =>
    pixels.data.set([...ORANGE, Math.round(255 * value)], 4 * (r * columns + c))));
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

// One head: a switch, and where it looks; a row is who looks.
function headCard(name, pick) {
  const box = element("input", { type: "checkbox", checked: "" });
  const canvas = element("canvas", { role: "img", style: "width:100%;aspect-ratio:1;image-rendering:pixelated;display:block" });
  const mark = element("div", { style: "position:absolute;left:0;right:0;border:1.5px solid currentColor;pointer-events:none" });
  const said = element("span", { style: "display:block;font-size:12px;line-height:1.3" });
  const frame = element("div", { style: "position:relative;border:1px solid var(--line);margin:3px 0;cursor:pointer" }, [canvas, mark]);
  frame.onclick = (event) => pick((event.clientY - frame.getBoundingClientRect().top) / frame.clientHeight);
  return { box, canvas, mark, said, node: element("div", {}, [element("label", {}, [box, element("b", {}, [name])]), frame, said]) };
}

function mount(root, data, changed = () => {}) {
  const w = unpackAll(data.weights), index = new Map(data.vocab.map((c, i) => [c, i])), blocks = w.blocks.length;
  const idOf = (c) => index.get(c) ?? index.get(c.toLowerCase()) ?? index.get(" ") ?? 0;
  const input = element("input", { type: "text", maxlength: data.longest, spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  const slider = element("input", { type: "range", min: 1, max: 1, step: 1, value: 1 }), sliderSaid = element("output");
  const note = element("p", { class: "sx-note", role: "status" });
  const tokenRow = element("div", { class: "sx-tokens" }), lens = element("canvas", { style: "image-rendering:pixelated" });
  const column = element("div", { class: "sx-col" }), heat = element("div", { class: "sx-heat" }, [lens, column]);
  const strip = element("div", { class: "sx-strip", tabindex: "0", role: "group",
    "aria-label": "Odds of the character that follows, after each part: arrow keys move from place to place" }, [tokenRow, heat]);
  const names = element("div", { style: "padding-top:24px;font-size:12px;white-space:nowrap" },
    data.stages.map((name) => element("div", { style: "height:20px;line-height:20px" }, [name])));
  const looks = element("h3"), table = element("table", { style: "border-collapse:collapse;width:100%;font-size:13px;margin:0" });
  const odds = element("div", { class: "sx-odds" }), title = element("h3"), cost = element("p", { class: "sx-note" });
  const back = element("button", { type: "button" }, ["Switch all on"]);
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  input.value = data.text;

  const switches = new Map(), cards = [];
  const rows = w.blocks.map((_, n) => {
    cards.push(Array.from({ length: data.heads }, (_, a) => {
      const card = headCard(`head ${a + 1}`, (share) => go(Math.floor(share * ids.length)));
      switches.set(`${n}.${a}`, card.box);
      card.box.setAttribute("aria-label", `Block ${n + 1}, head ${a + 1}`);
      return card;
    }));
    const box = element("input", { type: "checkbox", checked: "", "aria-label": `Block ${n + 1}, feed-forward` });
    switches.set(`${n}.feed-forward`, box);
    return element("div", { style: "margin-top:8px" }, [
      element("div", { style: "display:flex;flex-wrap:wrap;gap:4px 18px;align-items:center" }, [
        element("b", {}, [`Block ${n + 1}`]), element("label", {}, [box, "feed-forward"])]),
      element("div", { style: "display:grid;grid-template-columns:repeat(auto-fill,minmax(126px,1fr));gap:6px 12px" },
        cards[n].map((card) => card.node))]);
  });
  root.replaceChildren(labelled("Your text", input), labelled("Place", slider, sliderSaid), note,
    element("h3", {}, ["Odds of the character that follows, after each part"]),
    element("div", { style: "display:grid;grid-template-columns:auto minmax(0,1fr);gap:8px" }, [names, strip]),
    looks, ...rows, element("p", { style: "margin-top:8px" }, [back]),
    element("h3", {}, ["The logit lens: what the stream would say if it were read here"]), table, title, odds, cost, result);

  let ids = [], letters = [], whole = null, now = null, place = data.place;

  const off = () => new Set([...switches].filter(([, box]) => !box.checked).map(([name]) => name));
  const nats = (odds) => sum(ids.slice(1).map((id, t) => -Math.log(odds.at(-1)[t][id]))) / (ids.length - 1);

  function reread() {
    letters = Array.from(input.value).slice(0, Math.min(data.longest, w.places?.length ?? data.longest));
    const strange = [...new Set(letters.filter((c) => !index.has(c) && !index.has(c.toLowerCase())))];
    note.textContent = !letters.length ? "Type something for the network to read."
      : strange.length ? `Not among this network's characters, read as a space: ${strange.map((c) => `“${c}”`).join(" ")}` : "";
    if (!letters.length) return;
    ids = letters.map(idOf);
    whole = readAll(w, ids, data.heads, data.epsilon, new Set());
    place = Math.min(place, ids.length - 1);
    slider.max = ids.length;
    compute();
  }

  function compute() {
    now = off().size ? readAll(w, ids, data.heads, data.epsilon, off()) : whole;
    const wide = 18, rest = ids.length - 1;
    tokenRow.replaceChildren(...letters.map((c, t) => {
      const node = element("span", { style: `width:${wide}px` }, [visible(c)]);
      node.onclick = () => go(t);
      return node;
    }));
    paint(lens, now.odds.map((stage) => stage.map((p, t) => (t < rest ? p[ids[t + 1]] : 0))), ids.length);
    lens.style.cssText += `;width:${wide * ids.length}px;height:${20 * data.stages.length}px`;
    cards.forEach((heads, n) => heads.forEach((card, a) => paint(card.canvas, now.weights[n][a], ids.length)));
    show();
  }

  function show() {
    const here = visible(letters[place]), next = place + 1 < ids.length ? ids[place + 1] : -1;
    slider.value = place + 1;
    sliderSaid.textContent = `${place + 1} of ${ids.length}: “${here}”`;
    slider.setAttribute("aria-valuetext", sliderSaid.textContent);
    [...tokenRow.children].forEach((node, t) => (t === place ? node.setAttribute("aria-current", "true") : node.removeAttribute("aria-current")));
    column.style.cssText = `left:${18 * place}px;width:18px`;
    if (18 * place < strip.scrollLeft || 18 * (place + 1) > strip.scrollLeft + strip.clientWidth)
      strip.scrollLeft = 18 * place - strip.clientWidth / 2;
    looks.textContent = `Where each head looks from place ${place + 1}, “${here}” (the framed row)`;
    cards.forEach((heads, n) => heads.forEach((card, a) => showHead(card, n, a)));
    showLens(next);
    showOdds(here);
  }

  function showHead(card, n, a) {
    const row = now.weights[n][a][place], most = row.indexOf(Math.max(...row)), on = card.box.checked;
    card.mark.style.top = `${(100 * place) / ids.length}%`;
    card.mark.style.height = `${100 / ids.length}%`;
    card.canvas.style.opacity = on ? 1 : 0.3;
    card.said.textContent = on ? `most at ${most + 1}, “${visible(letters[most])}”: ${percent(row[most])}` : "off: adds nothing";
    card.canvas.setAttribute("aria-label", `Block ${n + 1}, head ${a + 1}: a row for each place that looks; from place ${place + 1} ${card.said.textContent}`);
  }

  function showLens(next) {
    const cell = (tag, text, side = "right") => element(tag, { style: `text-align:${side};padding:2px 5px;color:inherit;background:none` }, [text]);
    const head = (text, side) => { const node = cell("th", text, side); node.setAttribute("scope", "col"); return node; };
    const body = data.stages.map((name, s) => {
      const p = now.odds[s][place], best = p.indexOf(Math.max(...p)), first = cell("th", name, "left");
      first.setAttribute("scope", "row");
      return element("tr", { style: "border-top:1px solid var(--line)" }, [first, cell("td", `“${visible(data.vocab[best])}” ${percent(p[best])}`),
        ...(next < 0 ? [] : [cell("td", percent(p[next]))]), cell("td", now.length[s][place].toFixed(1))]);
    });
    table.replaceChildren(element("thead", {}, [element("tr", {}, [head("after", "left"), head("likeliest next"),
      ...(next < 0 ? [] : [head(`odds of “${visible(data.vocab[next])}”`)]), head("length")])]), element("tbody", {}, body));
  }

  function showOdds(here) {
    const p = now.odds.at(-1)[place], before = whole.odds.at(-1)[place], silent = [...switches].filter(([, box]) => !box.checked);
    const order = Array.from(p.keys()).sort((a, b) => Math.max(p[b], before[b]) - Math.max(p[a], before[a])).slice(0, 8);
    title.textContent = silent.length ? "What comes next: filled, with these parts off; framed, the whole" : "What comes next";
    odds.replaceChildren(...order.flatMap((i) => [element("b", {}, [visible(data.vocab[i])]),
      element("span", { style: "display:grid;height:14px" }, [
        element("i", { style: `grid-area:1/1;height:14px;width:${(100 * p[i]).toFixed(1)}%` }),
        element("span", { style: `grid-area:1/1;height:14px;width:${(100 * before[i]).toFixed(1)}%;min-width:1px;border:1px solid currentColor` })]),
      element("em", {}, [percent(p[i])])]));
    cost.textContent = ids.length < 2 ? "" : `The whole text costs ${nats(now.odds).toFixed(2)} nats a character` +
      (silent.length ? `, and ${nats(whole.odds).toFixed(2)} with every part on.` : ".");
    const best = p.indexOf(Math.max(...p)), parts = silent.map(([, box]) => box.getAttribute("aria-label").toLowerCase());
    root.dataset.result = result.textContent = `At place ${place + 1}, “${here}”: next “${visible(data.vocab[best])}”, ${percent(p[best])}` +
      `${parts.length ? `; off: ${parts.join("; ")}` : ""}. ${cost.textContent}`;
    root.explorer = { place, weights: now.weights.map((block) => block.map((head) => head.map((row) => Array.from(row)))),
      odds: now.odds.map((stage) => stage.map((row) => Array.from(row))), length: now.length }; // for tests: full precision
  }

  function go(to) {
    place = Math.max(0, Math.min(ids.length - 1, to));
    show();
  }

  slider.oninput = () => go(Number(slider.value) - 1);
  input.oninput = () => { place = data.longest; reread(); changed(input.value); };
  strip.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -data.longest, End: data.longest }[event.key];
    if (!step) return;
    event.preventDefault();
    go(place + step);
  };
  heat.onclick = (event) => go(Math.floor((event.clientX - heat.getBoundingClientRect().left) / 18));
  for (const box of switches.values()) box.onchange = compute;
  back.onclick = () => { for (const box of switches.values()) box.checked = true; compute(); };
  reread();
  return { write(text) { if (text !== input.value) { input.value = text; reread(); } }, stop() {} };
}
