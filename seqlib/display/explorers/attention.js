// Attention weights, head by head: mount(root, data) builds the explorer inside root.
// A row says where one token looks. "Scores × β" redoes the softmax: p^β / Σ p^β, since p is exp(score) over its sum.
// Weights arrive in single precision, arithmetic in double.

const LARGEST = 26, SMALLEST = 12, ROOM = 620; // pixels of a cell, and of the whole picture
const STYLE = `
.sx-look { display: grid; grid-template-columns: max-content max-content; width: max-content; padding: 2px; }
.sx-look .sx-across { display: flex; align-items: end; max-height: 8.5em; }
.sx-look .sx-across span { flex: none; writing-mode: vertical-rl; transform: rotate(180deg); overflow: hidden;
  max-height: 8em; text-align: left; white-space: pre; padding-top: 4px; }
.sx-look .sx-down { text-align: right; }
.sx-look .sx-down span { display: block; white-space: pre; padding: 0 6px; cursor: pointer; max-width: 11em;
  overflow: hidden; }
.sx-look, .sx-heads button { font-family: var(--jp-code-font-family, ui-monospace, monospace); }
.sx-look [aria-current] { font-weight: 700; box-shadow: inset 0 0 0 2px currentColor; border-radius: 3px; }
.sx .sx-heads { display: flex; flex-wrap: wrap; gap: 6px; margin: 8px 0; }
.sx .sx-heads button { padding: 4px 6px; font-size: 12px; line-height: 1.2; }
.sx .sx-heads button[aria-pressed=true] { outline: 2px solid currentColor; }
.sx .sx-heads canvas { width: 54px; height: 54px; margin: 0 auto 2px; image-rendering: pixelated; }
.sx .sx-where { display: grid; grid-template-columns: minmax(3em, max-content) minmax(4em, 1fr) 4.2em; gap: 3px 10px;
  align-items: center; }
.sx .sx-where i { height: 13px; border-radius: 3px; background: rgb(var(--down)); min-width: 1px; }
.sx .sx-where b, .sx .sx-where em { font-style: normal; text-align: right; white-space: pre; }`;

// The softmax again, with every score times beta; a row that looks nowhere stays so.
function sharpened(row, beta) {
  const powers = row.map((p) => (p > 0 ? p ** beta : 0)), total = powers.reduce((a, p) => a + p, 0);
  return total > 0 ? powers.map((p) => p / total) : powers;
}

const entropy = (row) => row.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);

function paint(canvas, rows, cell, gap, colour) {
  const scale = gap ? window.devicePixelRatio || 1 : 1, width = cell * rows[0].length, height = cell * rows.length;
  canvas.width = width * scale;
  canvas.height = height * scale;
  if (gap) { canvas.style.width = `${width}px`; canvas.style.height = `${height}px`; }
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  rows.forEach((row, t) => row.forEach((p, s) => {
    pen.fillStyle = `rgba(${colour},${gap ? 0.04 + 0.96 * p : p})`;
    pen.fillRect(s * cell, t * cell, cell - gap, cell - gap);
  }));
}

function mount(root, data) {
  const examples = data.examples.map((e) => {
    const rows = unpack(e.weights), size = e.rows.length;
    return { ...e, heads: Array.from({ length: rows.length / size }, (_, a) => rows.slice(a * size, (a + 1) * size)) };
  });
  const chooser = element("select", {}, examples.map((e, i) => element("option", { value: i }, [e.name])));
  chooser.value = data.example;
  const slider = element("input", { type: "range", min: 0.1, max: 4, step: 0.1, value: 1 });
  const factor = element("output"), heads = element("div", { class: "sx-heads", role: "group", "aria-label": "Heads" });
  const across = element("div", { class: "sx-across" }), down = element("div", { class: "sx-down" });
  const canvas = element("canvas"), marker = element("div", { class: "sx-row" });
  const heat = element("div", { class: "sx-heat" }, [canvas, marker]);
  const strip = element("div", { class: "sx-strip", tabindex: "0", role: "group",
    "aria-label": "Attention weights: arrow keys up and down move through the rows, left and right through the heads" },
    [element("div", { class: "sx-look" }, [element("div"), across, down, heat])]);
  const title = element("h3"), where = element("div", { class: "sx-where" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  root.replaceChildren(element("style", {}, [STYLE]),
    element("div", { class: "sx-controls" }, [labelled("Example", chooser), labelled("Scores × β", slider, factor)]),
    heads, strip, title, where, result);

  let example = examples[data.example], head = data.head, row = 0, beta = 1, shown = [], cell = LARGEST;

  // A token, with its place where it is not the only one of its kind.
  const named = (s) => {
    const token = example.columns[s];
    return example.columns.indexOf(token) === example.columns.lastIndexOf(token) ? visible(token) : `${visible(token)} (${s + 1})`;
  };
  const many = () => example.heads.length > 1;
  const headName = (a) => (a < example.heads.length ? `head ${a + 1}` : "mean of heads");

  // Head number A, one past the last, is the mean of all.
  function weights(a) {
    const all = (a < example.heads.length ? [example.heads[a]] : example.heads).map((h) => h.map((r) => sharpened(r, beta)));
    return all[0].map((r, t) => r.map((_, s) => all.reduce((sum, h) => sum + h[t][s], 0) / all.length));
  }

  function choose(which) {
    example = examples[which];
    head = Math.min(head, many() ? example.heads.length : 0);
    row = example.rows.length - 1;
    cell = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(ROOM / Math.max(example.columns.length, example.rows.length))));
    const font = Math.min(13, cell - 1);
    across.replaceChildren(...example.columns.map((token) =>
      element("span", { style: `width:${cell}px;font-size:${font}px;line-height:${cell}px` }, [visible(token)])));
    down.replaceChildren(...example.rows.map((token, t) => {
      const node = element("span", { style: `height:${cell}px;line-height:${cell}px;font-size:${font}px` }, [visible(token)]);
      node.onclick = () => go(t);
      return node;
    }));
    redraw();
  }

  function redraw() {
    const colour = getComputedStyle(root).getPropertyValue("--down") || "0,114,178";
    shown = weights(head);
    paint(canvas, shown, cell, 1, colour);
    heads.hidden = !many();
    const buttons = many() ? [...example.heads.keys(), example.heads.length] : [];
    heads.replaceChildren(...buttons.map((a) => {
      const small = element("canvas");
      paint(small, weights(a), 1, 0, colour);
      const button = element("button", { type: "button", "aria-pressed": a === head }, [small, headName(a)]);
      button.onclick = () => { pick(a); heads.children[a].focus(); };
      return button;
    }));
    show();
  }

  function show() {
    const p = shown[row], nats = entropy(p), order = Array.from(p.keys()).sort((a, b) => p[b] - p[a]);
    const token = visible(example.rows[row]), empty = !(p[order[0]] > 0);
    factor.textContent = `β = ${beta.toFixed(1)}`;
    [...down.children].forEach((node, t) => current(node, t === row));
    marker.style.cssText = `top:${row * cell - 1}px;height:${cell + 1}px`;
    title.textContent = empty ? `“${token}” looks nowhere` :
      `Where “${token}” looks: entropy ${nats.toFixed(2)} nats, as if at ${Math.exp(nats).toFixed(1)} tokens alike`;
    where.replaceChildren(...order.slice(0, 5).filter((s) => p[s] > 0).flatMap((s) => [
      element("b", {}, [named(s)]),
      element("i", { style: `width:${(100 * p[s]).toFixed(1)}%` }),
      element("em", {}, [`${(100 * p[s]).toFixed(1)} %`]),
    ]));
    result.textContent = `${title.textContent}.` +
      (empty ? "" : ` Most at ${named(order[0])}, ${(100 * p[order[0]]).toFixed(0)} %.`);
    root.dataset.result = `example=${chooser.value} head=${headName(head).replaceAll(" ", "_")} row=${row + 1} ` +
      `top=${empty ? "none" : order[0] + 1} weight=${p[order[0]].toFixed(4)} entropy=${nats.toFixed(4)} beta=${beta.toFixed(1)}`;
    root.explorer = { weights: shown.map((r) => Array.from(r)), entropy: shown.map(entropy) }; // for tests: full precision
  }

  function go(to) {
    row = Math.max(0, Math.min(shown.length - 1, to));
    show();
  }

  function pick(a) {
    head = Math.max(0, Math.min(many() ? example.heads.length : 0, a));
    redraw();
  }

  const place = (event) => Math.floor((event.clientY - canvas.getBoundingClientRect().top) / cell);
  heat.onpointermove = (event) => { if (event.pointerType === "mouse") go(place(event)); };
  heat.onclick = (event) => go(place(event));
  strip.onkeydown = (event) => {
    const over = { ArrowLeft: -1, ArrowRight: 1 }[event.key], along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!over && !along) return;
    event.preventDefault();
    if (over) pick(head + over); else go(row + along);
  };
  chooser.oninput = () => choose(Number(chooser.value));
  slider.oninput = () => { beta = Number(slider.value); redraw(); };
  choose(data.example);
  return { write() {}, stop() {} };
}
