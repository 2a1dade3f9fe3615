// The hidden state of a tanh RNN as it reads: mount(root, data, changed) builds the explorer inside root.
// h_t = tanh(x_t W_xh + h_{t-1} W_hh + b_h), p_t = softmax(h_t W_hy + b_y), in double precision.

const LONGEST = 160; // columns drawn; more would only be scrolled past

function addProduct(out, row, matrix) {
  for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j] += row[i] * matrix[i][j];
  return out;
}

// Words where the vocabulary has words, otherwise characters; an unknown capital is read as its small letter.
function tokenize(text, data, index) {
  const pieces = data.words ? text.split(/\s+/).filter(Boolean) : Array.from(text);
  return pieces.map((token) => {
    const known = [token, token.toLowerCase()].find((t) => index.has(t));
    return { token, id: known === undefined ? data.unk : index.get(known), known: known !== undefined };
  });
}

// One entry per token: the state after it and the readout's probabilities. An id of -1 leaves the state as it was.
function read(tokens, w) {
  let h = new Float64Array(w.b_h[0].length);
  return tokens.map(({ id }) => {
    if (id >= 0) {
      const a = addProduct(w.b_h[0].map((b, j) => b + w.W_xh[id][j]), h, w.W_hh);
      h = a.map(Math.tanh);
    }
    return { h, p: softmax(addProduct(Float64Array.from(w.b_y[0]), h, w.W_hy)) };
  });
}

const wash = (value, strength = 1) =>
  `rgba(var(${value < 0 ? "--down" : "--up"}),${(Math.min(1, Math.abs(value)) * strength).toFixed(3)})`;

function mount(root, data, changed = () => {}) {
  const w = unpackEach(data.weights);
  const size = w.b_h[0].length;
  const index = new Map(data.vocab.map((token, i) => [token, i]));
  const names = data.task === "classify" ? data.labels : data.vocab;
  const height = Math.max(8, Math.min(16, Math.floor(300 / size))); // height of one unit's row, pixels

  const input = element("input", { type: "text", value: data.text, spellcheck: "false", autocomplete: "off" });
  const play = element("button", { type: "button" }, ["▶ Read"]);
  const stepper = element("input", { type: "range", min: 1, max: 1, step: 1 });
  const picker = element("input", { type: "range", min: 0, max: size - 1, step: 1, value: 0 });
  const stepText = element("output"), unitText = element("output");
  const tokenRow = element("div", { class: "sx-tokens" });
  const canvas = element("canvas");
  const column = element("div", { class: "sx-col" }), row = element("div", { class: "sx-row" });
  const heat = element("div", { class: "sx-heat" }, [canvas, column, row]);
  const strip = element("div", { class: "sx-strip", tabindex: "0", role: "group",
    "aria-label": "Hidden units over the tokens: arrow keys move through time and units" }, [tokenRow, heat]);
  const bars = element("div", { class: "sx-bars", role: "img" }), odds = element("div", { class: "sx-odds" });
  const stateTitle = element("h3"), oddsTitle = element("h3");
  const note = element("p", { class: "sx-note", role: "status" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  const box = (css, ...rest) => element("div", { class: css }, rest);
  root.replaceChildren(
    box("sx-top", labelled("Your text", input), play), note,
    element("h3", {}, [`${size} hidden units, one row each, as they read`]), strip,
    box("sx-legend", "−1", element("i"), "+1", box("", "Click a row or a bar to follow that unit.")),
    box("sx-controls", labelled("Step", stepper, stepText), labelled("Unit", picker, unitText)),
    box("sx-now", box("", stateTitle, bars), box("", oddsTitle, odds)),
    result);

  let tokens = [], steps = [], step = 0, unit = 0, width = 18, timer = 0;

  function reread() {
    const all = tokenize(input.value, data, index);
    tokens = all.slice(0, LONGEST);
    steps = read(tokens, w);
    step = Math.max(0, steps.length - 1);
    root.explorer = { tokens, steps }; // for tests: full precision
    const strange = [...new Set(tokens.filter((t) => !t.known).map((t) => `“${visible(t.token)}”`))];
    const what = data.words ? "words" : "characters";
    const fate = data.unk < 0 ? "crossed out and skipped" : `read as ${data.vocab[data.unk]}`;
    note.textContent = [
      strange.length && `Not among this network's ${what}: ${strange.join(" ")} (${fate}).`,
      all.length > LONGEST && `Only the first ${LONGEST} ${what} are read.`,
      !steps.length && "Type something for the network to read.",
    ].filter(Boolean).join(" ");
    strip.hidden = !steps.length;
    drawStrip();
    show();
  }

  function drawStrip() {
    const longest = Math.max(1, ...tokens.map((t) => visible(t.token).length));
    const room = strip.clientWidth || 700;
    width = Math.max(longest * 8 + 8, Math.min(data.words ? 80 : 44, Math.floor(room / (tokens.length || 1))));
    tokenRow.replaceChildren(...tokens.map((t, i) => {
      const kind = t.known ? "" : t.id < 0 ? "sx-skipped" : "sx-unknown";
      const node = element("span", { class: kind, style: `width:${width}px` }, [visible(t.token)]);
      node.onclick = () => go(i);
      return node;
    }));
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * tokens.length * scale;
    canvas.height = height * size * scale;
    canvas.style.width = `${width * tokens.length}px`;
    canvas.style.height = `${height * size}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(root);
    const [up, down] = ["--up", "--down"].map((name) => style.getPropertyValue(name));
    steps.forEach(({ h }, t) => h.forEach((value, i) => {
      pen.fillStyle = `rgba(${value < 0 ? down : up},${Math.abs(value)})`;
      pen.fillRect(t * width, i * height, width - 1, height - 1);
    }));
  }

  function show() {
    const now = steps[step];
    stepper.max = Math.max(1, steps.length);
    stepper.value = step + 1;
    stepper.disabled = play.disabled = !now;
    picker.value = unit;
    Object.assign(column.style, { left: `${step * width - 1}px`, width: `${width + 1}px` });
    Object.assign(row.style, { top: `${unit * height - 1}px`, height: `${height + 1}px` });
    if (!now) {
      stepText.textContent = unitText.textContent = stateTitle.textContent = oddsTitle.textContent = "";
      bars.replaceChildren(), odds.replaceChildren();
      root.dataset.result = "step=0 nothing read";
      result.textContent = "Nothing was read yet.";
      return;
    }
    [...tokenRow.children].forEach((node, i) => {
      node.style.background = wash(steps[i].h[unit], 0.7);
      current(node, i === step);
    });
    if (step * width < strip.scrollLeft || (step + 1) * width > strip.scrollLeft + strip.clientWidth)
      strip.scrollLeft = (step + 0.5) * width - strip.clientWidth / 2;
    const token = visible(tokens[step].token);
    stepText.textContent = `${step + 1} of ${steps.length}: “${token}”`;
    unitText.textContent = `${unit}: ${now.h[unit].toFixed(2)}`;
    stateTitle.textContent = `The state after step ${step + 1}, “${token}”`;
    oddsTitle.textContent = data.task === "classify" ? "The class, judged by now" : "What comes next";
    drawBars(now.h);
    drawOdds(now.p, token);
  }

  function drawBars(h) {
    bars.setAttribute("aria-label", `The ${size} units as bars from −1 to 1; unit ${unit}: ${h[unit].toFixed(2)}`);
    bars.replaceChildren(...Array.from(h, (value, i) => {
      const side = value < 0 ? "top" : "bottom";
      const style = `${side}:50%;height:${Math.abs(value) * 50}%;background:${wash(Math.sign(value))}`;
      const node = element("div", { title: `unit ${i}: ${value.toFixed(3)}` }, [element("i", { style })]);
      current(node, i === unit);
      node.onclick = () => follow(i);
      return node;
    }));
  }

  function drawOdds(p, token) {
    const order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]);
    const best = data.task === "classify" ? Array.from(p.keys()).slice(0, 8) : order.slice(0, 5);
    odds.replaceChildren(...best.flatMap((i) => [
      element("b", {}, [visible(names[i])]),
      element("i", { style: `width:${(100 * p[i]).toFixed(1)}%` }),
      element("em", {}, [`${(100 * p[i]).toFixed(1)} %`]),
    ]));
    result.textContent = `After step ${step + 1}, “${token}”: unit ${unit} is ${steps[step].h[unit].toFixed(2)}; ` +
      `“${visible(names[order[0]])}” with ${(100 * p[order[0]]).toFixed(0)} %.`;
    root.dataset.result = `step=${step + 1} token=${token} p(top)=${p[order[0]].toFixed(4)} ` +
      `argmax=${visible(names[order[0]])} h[${unit}]=${steps[step].h[unit].toFixed(4)}`;
  }

  function go(to) {
    step = Math.max(0, Math.min(steps.length - 1, to));
    show();
  }

  function follow(which) {
    unit = Math.max(0, Math.min(size - 1, which));
    show();
  }

  function halt() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶ Read";
  }

  play.onclick = () => {
    if (timer) return halt();
    play.textContent = "❚❚ Stop";
    if (step === steps.length - 1) go(0);
    timer = setInterval(() => (root.isConnected && step < steps.length - 1 ? go(step + 1) : halt()), 350);
  };
  const place = (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [Math.floor((event.clientX - left) / width), Math.floor((event.clientY - top) / height)];
  };
  heat.onpointermove = (event) => { if (!timer && event.pointerType === "mouse") go(place(event)[0]); };
  heat.onclick = (event) => { halt(); go(place(event)[0]); follow(place(event)[1]); };
  strip.onkeydown = (event) => {
    const over = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!over && !down) return;
    event.preventDefault();
    if (over) go(step + over); else follow(unit + down);
  };
  input.oninput = () => { halt(); reread(); changed(input.value); };
  stepper.oninput = () => { halt(); go(stepper.value - 1); };
  picker.oninput = () => follow(Number(picker.value));
  reread();
  // The strip's width is known only once it is on the page, and changes with it.
  const watcher = new ResizeObserver(() => { if (strip.clientWidth) { drawStrip(); show(); } });
  watcher.observe(strip);
  return {
    write(text) { if (text !== input.value) { input.value = text; halt(); reread(); } },
    stop() { halt(); watcher.disconnect(); },
  };
}
