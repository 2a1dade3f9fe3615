// The gates of an LSTM as it reads: mount(root, data, changed) builds the explorer inside root.
// i, f, g, o = quarters of x_t W_xh + h_{t-1} W_hh + b_h; c_t = σ(f) c_{t-1} + σ(i) tanh(g); h_t = σ(o) tanh(c_t);
// p_t = softmax(h_t W_hy + b_y), which speaks of the character `ahead` places before. In double precision.

const LONGEST = 400; // characters drawn; more would only be scrolled past
const WIDTH = 15, HEIGHT = 24; // of one cell of the picture, pixels
const ROWS = [
  ["i", "input gate"], ["g", "candidate"], ["f", "forget gate"], ["c", "cell, as tanh c"], ["o", "output gate"], ["h", "shown, h"],
];

function addProduct(out, row, matrix) {
  for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j] += row[i] * matrix[i][j];
  return out;
}

// One entry per character: gates, cell and state after it, and the readout's probabilities.
function read(ids, w) {
  const size = w.W_hh.length;
  let h = new Float64Array(size), c = new Float64Array(size);
  return ids.map((id) => {
    const sums = addProduct(w.b_h[0].map((b, j) => b + w.W_xh[id][j]), h, w.W_hh);
    const part = (k, act) => sums.slice(k * size, (k + 1) * size).map(act);
    const i = part(0, sigmoid), f = part(1, sigmoid), g = part(2, Math.tanh), o = part(3, sigmoid);
    c = c.map((old, j) => f[j] * old + i[j] * g[j]);
    h = c.map((value, j) => o[j] * Math.tanh(value));
    return { i, f, g, o, c, h, p: softmax(addProduct(Float64Array.from(w.b_y[0]), h, w.W_hy)) };
  });
}

function mount(root, data, changed = () => {}) {
  const w = unpackEach(data.weights);
  const size = w.W_hh.length;
  const index = new Map(data.vocab.map((token, i) => [token, i]));

  const input = element("textarea", { rows: 5, spellcheck: "false", autocomplete: "off", wrap: "off" });
  input.value = data.text;
  const stepper = element("input", { type: "range", min: 1, max: 1, step: 1 });
  const picker = element("input", { type: "range", min: 0, max: size - 1, step: 1, value: data.unit });
  const stepText = element("output"), unitText = element("output");
  const tokenRow = element("div", { class: "sx-tokens" }), names = element("div", { class: "sx-names" });
  const canvas = element("canvas");
  const column = element("div", { class: "sx-col" });
  const heat = element("div", { class: "sx-heat" }, [canvas, column]);
  const strip = element("div", { class: "sx-strip", tabindex: "0", role: "group",
    "aria-label": "Gates over the characters: arrow keys left and right move through the text, up and down through the units" },
    [tokenRow, heat]);
  const odds = element("div", { class: "sx-odds" });
  const nowTitle = element("h3"), oddsTitle = element("h3"), now = element("div", { class: "sx-gates" });
  const note = element("p", { class: "sx-note", role: "status" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const box = (css, ...rest) => element("div", { class: css }, rest);
  names.append(...ROWS.map(([key, what]) => element("span", { title: what }, [key])));
  root.replaceChildren(
    box("sx-top", labelled("Your text", input)), note,
    box("sx-controls", labelled("Step", stepper, stepText), labelled("Unit", picker, unitText)),
    element("h3", {}, ["One unit's gates as they read: i lets in, f keeps, o shows"]),
    box("sx-side", names, strip),
    box("sx-legend", "−1", element("i"), "+1", box("", "Gates i, f, o lie between 0 and 1.")),
    box("sx-now", box("", nowTitle, now), box("", oddsTitle, odds)),
    result);

  let tokens = [], steps = [], step = 0, unit = data.unit;

  function reread() {
    const all = Array.from(input.value);
    const unknown = index.get("?") ?? 0;
    tokens = all.slice(0, LONGEST);
    steps = read(tokens.map((token) => index.get(token) ?? unknown), w);
    step = Math.max(0, steps.length - 1);
    root.explorer = { tokens, steps }; // for tests: full precision
    const strange = [...new Set(tokens.filter((t) => !index.has(t)).map((t) => `“${visible(t)}”`))];
    note.textContent = [
      strange.length && `Not among this network's characters: ${strange.join(" ")} (read as “${data.vocab[unknown]}”).`,
      all.length > LONGEST && `Only the first ${LONGEST} characters are read.`,
      !steps.length && "Type something for the network to read.",
    ].filter(Boolean).join(" ");
    tokenRow.replaceChildren(...tokens.map((token, i) => {
      const node = element("span", { class: index.has(token) ? "" : "sx-unknown", style: `width:${WIDTH}px` }, [visible(token)]);
      node.onclick = () => go(i);
      return node;
    }));
    draw();
    show();
  }

  const value = (at, key) => (key === "c" ? Math.tanh(at.c[unit]) : at[key][unit]);

  function draw() {
    const scale = window.devicePixelRatio || 1;
    canvas.width = WIDTH * tokens.length * scale;
    canvas.height = HEIGHT * ROWS.length * scale;
    canvas.style.width = `${WIDTH * tokens.length}px`;
    canvas.style.height = `${HEIGHT * ROWS.length}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(root);
    const [up, down] = ["--up", "--down"].map((name) => style.getPropertyValue(name));
    steps.forEach((at, t) => ROWS.forEach(([key], row) => {
      const strength = value(at, key);
      pen.fillStyle = `rgba(${strength < 0 ? down : up},${Math.abs(strength)})`;
      pen.fillRect(t * WIDTH, row * HEIGHT, WIDTH, HEIGHT - 3);
    }));
  }

  function show() {
    const at = steps[step];
    strip.hidden = names.hidden = !at;
    stepper.max = Math.max(1, steps.length);
    stepper.value = step + 1;
    stepper.disabled = !at;
    picker.value = unit;
    column.style.cssText = `left:${step * WIDTH - 1}px;width:${WIDTH + 2}px`;
    if (!at) {
      stepText.textContent = unitText.textContent = nowTitle.textContent = oddsTitle.textContent = "";
      now.replaceChildren(), odds.replaceChildren();
      root.dataset.result = "step=0 nothing read";
      result.textContent = "Nothing was read yet.";
      return;
    }
    [...tokenRow.children].forEach((node, i) => current(node, i === step));
    if (step * WIDTH < strip.scrollLeft || (step + 1) * WIDTH > strip.scrollLeft + strip.clientWidth)
      strip.scrollLeft = (step + 0.5) * WIDTH - strip.clientWidth / 2;
    const token = visible(tokens[step]), about = tokens[step - data.ahead];
    stepText.textContent = `${step + 1} of ${steps.length}: “${token}”`;
    unitText.textContent = `${unit}: c = ${at.c[unit].toFixed(2)}`;
    nowTitle.textContent = `Unit ${unit} after “${token}”`;
    now.replaceChildren(...ROWS.flatMap(([key, what]) => [
      element("b", {}, [key]), element("span", {}, [what]), element("em", {}, [value(at, key).toFixed(3)]),
    ]));
    oddsTitle.textContent = about === undefined ? "What it says: nothing yet" :
      data.ahead ? `What it says of “${visible(about)}”, ${data.ahead} characters before` : "What it says";
    const order = Array.from(at.p.keys()).sort((a, b) => at.p[b] - at.p[a]);
    odds.replaceChildren(...order.slice(0, 6).flatMap((k) => [
      element("b", {}, [data.labels[k]]),
      element("i", { style: `width:${(100 * at.p[k]).toFixed(1)}%` }),
      element("em", {}, [`${(100 * at.p[k]).toFixed(1)} %`]),
    ]));
    result.textContent = `Unit ${unit} after “${token}”: ` +
      ROWS.map(([key, what]) => `${what} ${value(at, key).toFixed(2)}`).join(", ") +
      `. It says “${data.labels[order[0]]}” with ${(100 * at.p[order[0]]).toFixed(0)} %.`;
    root.dataset.result = `step=${step + 1} token=${token} unit=${unit} ` +
      ["i", "f", "g", "o", "c", "h"].map((key) => `${key}=${at[key][unit].toFixed(4)}`).join(" ") +
      ` argmax=${data.labels[order[0]]} p(top)=${at.p[order[0]].toFixed(4)}`;
  }

  function go(to) {
    step = Math.max(0, Math.min(steps.length - 1, to));
    show();
  }

  function follow(which) {
    unit = Math.max(0, Math.min(size - 1, which));
    draw();
    show();
  }

  const place = (event) => Math.floor((event.clientX - canvas.getBoundingClientRect().left) / WIDTH);
  heat.onpointermove = (event) => { if (event.pointerType === "mouse") go(place(event)); };
  heat.onclick = (event) => go(place(event));
  strip.onkeydown = (event) => {
    const over = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!over && !down) return;
    event.preventDefault();
    if (over) go(step + over); else follow(unit + down);
  };
  input.oninput = () => { reread(); changed(input.value); };
  stepper.oninput = () => go(stepper.value - 1);
  picker.oninput = () => follow(Number(picker.value));
  reread();
  // The strip's width is known only once it is on the page, and changes with it.
  const watcher = new ResizeObserver(() => { if (strip.clientWidth) show(); });
  watcher.observe(strip);
  return {
    write(text) { if (text !== input.value) { input.value = text; reread(); } },
    stop() { watcher.disconnect(); },
  };
}
