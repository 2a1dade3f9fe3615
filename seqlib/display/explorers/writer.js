// A character LSTM that writes: mount(root, data) builds the explorer inside root.
// sums = W_xh[x] + h W_hh; c = σ(f) c + σ(i) tanh(g); h = σ(o) tanh(c); logits = h W_hy + b_y, in double precision.

const LONGEST = 1200; // characters kept of the text
const SHOWN = 12, WRITTEN = 80, WORDS = 3, TRIES = 160;

function step(w, state, id) {
  const size = w.W_hh.length, sums = Float64Array.from(w.W_xh[id]);
  for (let i = 0; i < size; i++) {
    const h = state.h[i], row = w.W_hh[i];
    if (h !== 0) for (let j = 0; j < sums.length; j++) sums[j] += h * row[j];
  }
  const h = new Float64Array(size), c = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    c[j] = sigmoid(sums[size + j]) * state.c[j] + sigmoid(sums[j]) * Math.tanh(sums[2 * size + j]);
    h[j] = sigmoid(sums[3 * size + j]) * Math.tanh(c[j]);
  }
  return { h, c };
}

function logitsOf(w, state) {
  const logits = Float64Array.from(w.b_y);
  state.h.forEach((h, i) => { for (let j = 0; j < logits.length; j++) logits[j] += h * w.W_hy[i][j]; });
  return logits;
}

// Temperature first, then every cut on what it gives; a token stays if all three let it.
function chosen(logits, knobs) {
  const p = softmax(logits.map((z) => z / knobs.temperature)), order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]);
  const kept = new Float64Array(p.length);
  let before = 0;
  order.forEach((i, rank) => {
    if (rank < knobs.k && before < knobs.p && p[i] >= knobs.share * p[order[0]]) kept[i] = p[i];
    before += p[i];
  });
  const sum = kept.reduce((a, b) => a + b, 0);
  return { p: kept.map((x) => x / sum), order };
}

const hesitates = (p) => Math.exp(-p.reduce((a, x) => a + (x > 0 ? x * Math.log(x) : 0), 0));

function mount(root, data, changed = () => {}) {
  const w = unpackEach(data.weights);
  w.b_y = unpack(data.bias)[0];
  const size = w.W_hh.length, index = new Map(data.vocab.map((token, i) => [token, i])), space = index.get(" ") ?? 0;
  const idOf = (letter) => index.get(letter) ?? space;
  const zeros = () => ({ h: new Float64Array(size), c: new Float64Array(size) });

  const input = element("textarea", { rows: 5, spellcheck: "false", autocomplete: "off", "aria-label": "Your text" });
  input.value = data.text;
  const slider = (name, min, max, by, value) =>
    element("input", { type: "range", min, max, step: by, value, "aria-label": name });
  const knobs = {
    temperature: slider("Temperature", 0.1, 2, 0.05, data.temperature),
    k: slider("Top-k", 1, data.vocab.length, 1, data.vocab.length),
    p: slider("Top-p", 0.05, 1, 0.05, 1),
    share: slider("Min-p", 0, 0.5, 0.01, 0),
  };
  const said = Object.fromEntries(Object.keys(knobs).map((name) => [name, element("output")]));
  const one = element("button", { type: "button" }, ["Write one"]);
  const more = element("button", { type: "button" }, [`Write ${WRITTEN}`]);
  const back = element("button", { type: "button" }, ["As it was"]);
  const words = element("div", { class: "sx-top", role: "group", "aria-label": "Likeliest ways to go on with this name" });
  const odds = element("div", { class: "sx-odds" }), title = element("h3");
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  root.replaceChildren(
    labelled("Your text", input),
    element("div", { class: "sx-controls" }, [
      labelled("Temp.", knobs.temperature, said.temperature), labelled("Top-k", knobs.k, said.k),
      labelled("Top-p", knobs.p, said.p), labelled("Min-p", knobs.share, said.share)]),
    element("div", { style: "display:flex;flex-wrap:wrap;gap:8px;margin-top:8px" }, [one, more, back]),
    element("h3", {}, ["Likeliest names from here (press to take one)"]), words, title, odds, result);

  let read = "", state = zeros(), timer = 0;

  // Only what is new is read; a text that was changed further up is read again.
  function catchUp() {
    const text = Array.from(input.value).slice(-LONGEST).join("");
    if (!text.startsWith(read)) [read, state] = ["", zeros()];
    for (const letter of text.slice(read.length)) state = step(w, state, idOf(letter));
    read = text;
  }

  const values = () => ({ temperature: Number(knobs.temperature.value), k: Number(knobs.k.value),
    p: Number(knobs.p.value), share: Number(knobs.share.value) });

  function show() {
    catchUp();
    const logits = logitsOf(w, state), own = softmax(logits), now = values(), { p, order } = chosen(logits, now);
    const kept = p.filter((x) => x > 0).length;
    said.temperature.textContent = now.temperature.toFixed(2);
    said.k.textContent = now.k === data.vocab.length ? "off" : `${now.k}`;
    said.p.textContent = now.p === 1 ? "off" : now.p.toFixed(2);
    said.share.textContent = now.share === 0 ? "off" : now.share.toFixed(2);
    for (const [name, knob] of Object.entries(knobs)) knob.setAttribute("aria-valuetext", said[name].textContent);
    title.textContent = `What comes next: ${kept} characters possible, as unsure as among ${hesitates(p).toFixed(1)} ` +
      `(the model itself: ${hesitates(own).toFixed(1)})`;
    odds.replaceChildren(...order.slice(0, SHOWN).flatMap((i) => [
      element("b", {}, [visible(data.vocab[i])]),
      element("span", { style: `display:block;width:${(100 * own[i]).toFixed(1)}%;min-width:1px;border:1px solid currentColor` },
        [element("i", { style: `width:${own[i] > 0 ? Math.min(100 / own[i], 100 * p[i] / own[i]).toFixed(1) : 0}%` })]),
      element("em", {}, [`${(100 * p[i]).toFixed(1)} %`]),
    ]));
    root.dataset.result = result.textContent = `after “${visible(read.slice(-1))}”: likeliest “${visible(data.vocab[order[0]])}” ` +
      `${(100 * p[order[0]]).toFixed(1)} %, ${kept} possible, e^H ${hesitates(p).toFixed(2)}`;
    root.explorer = { logits: Array.from(logits), p: Array.from(p) }; // for tests: full precision
  }

  // The likeliest names from here, exactly: a queue of beginnings, the likeliest taken up first.
  function complete() {
    catchUp();
    const name = /[A-Za-z0-9_]/, found = [];
    const waiting = [{ p: 1, more: "", state, ended: false }];
    for (let tries = 0; waiting.length && found.length < WORDS && tries < TRIES; tries++) {
      let best = 0;
      waiting.forEach((entry, i) => { if (entry.p > waiting[best].p) best = i; });
      const [entry] = waiting.splice(best, 1);
      if (entry.ended) { if (entry.more) found.push(entry); continue; }
      if (entry.letter !== undefined) entry.state = step(w, entry.state, entry.letter);
      const p = softmax(logitsOf(w, entry.state));
      let end = 1;
      p.forEach((q, i) => {
        if (!name.test(data.vocab[i])) return;
        end -= q;
        if (q > 1e-4) waiting.push({ p: entry.p * q, more: entry.more + data.vocab[i], state: entry.state, letter: i });
      });
      waiting.push({ p: entry.p * end, more: entry.more, state: entry.state, ended: true });
    }
    words.replaceChildren(...found.map(({ more, p }) => {
      const button = element("button", { type: "button" }, [`${/[A-Za-z0-9_]*$/.exec(read)[0]}${more} (${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %)`]);
      button.onclick = () => { input.value += more; refresh(); };
      return button;
    }));
    root.explorer.words = found.map((entry) => entry.more);
  }

  function refresh() {
    show();
    clearTimeout(timer);
    timer = setTimeout(complete, 150);
  }

  function write(count) {
    for (let k = 0; k < count; k++) {
      catchUp();
      const { p } = chosen(logitsOf(w, state), values());
      let u = Math.random(), i = 0;
      while (i < p.length - 1 && u >= p[i]) u -= p[i++];
      while (p[i] === 0) i--; // rounding at the end of the stretch
      input.value += data.vocab[i];
    }
    input.scrollTop = input.scrollHeight;
    refresh();
  }

  for (const knob of Object.values(knobs)) knob.oninput = show;
  input.oninput = () => { refresh(); changed(input.value); };
  one.onclick = () => write(1);
  more.onclick = () => write(WRITTEN);
  back.onclick = () => { input.value = data.text; refresh(); };
  show();
  complete();
  return { write(text) { if (text !== input.value) { input.value = text; refresh(); } }, stop() { clearTimeout(timer); } };
}
