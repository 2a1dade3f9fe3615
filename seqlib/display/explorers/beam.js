// A beam search as it branches: mount(root, data) builds the explorer. A GRU reads the source, a GRU writes the target.
// r, z = σ(x + h W + b); n = tanh(x_n + r ⊙ (h W_n + b_n)); h = (1 − z) n + z h: in double precision.

const COMMA = ",";

function times(row, matrix, bias) {
  const out = Float64Array.from(bias);
  for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j] += row[i] * matrix[i][j];
  return out;
}

function gru(w, name, token, h) {
  const size = h.length, x = w[`x_${name}`][token], past = times(h, w[`W_${name}`], w[`b_${name}`][0]);
  return h.map((old, j) => {
    const r = sigmoid(x[j] + past[j]), z = sigmoid(x[size + j] + past[size + j]);
    return (1 - z) * Math.tanh(x[2 * size + j] + r * past[2 * size + j]) + z * old;
  });
}

function logP(w, h) {
  const logits = times(h, w.W_y, w.b_y[0]), top = Math.max(...logits);
  const log = top + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - top), 0));
  return logits.map((z) => z - log);
}

function begin(w, ids) {
  let h = new Float64Array(w.W_read.length);
  for (const id of ids) h = gru(w, "read", id, h);
  return times(h.slice(0, w.W_c.length), w.W_c, w.b_c[0]).map(Math.tanh);
}

// The beam after each step, best first.
function search(w, first, start, end, longest, width, power) {
  let beam = [{ token: start, log_p: 0, length: 0, ended: false, h: first }];
  const found = [];
  while (found.length < longest && beam.some((one) => !one.ended)) {
    const grown = beam.flatMap((one, parent) => {
      if (one.ended) return [{ ...one, parent }];
      const h = gru(w, "write", one.token, one.h);
      return Array.from(logP(w, h), (log_p, token) =>
        ({ parent, token, h, log_p: one.log_p + log_p, length: one.length + 1, ended: token === end }));
    });
    for (const one of grown) one.score = one.log_p / one.length ** power;
    beam = grown.sort((a, b) => b.score - a.score).slice(0, width);
    found.push(beam);
  }
  return found;
}

// The ranks of a beginning's ancestors and itself, a step after another.
function path(beams, step, rank) {
  const ranks = [];
  for (let k = step; k >= 0; k--) { ranks.unshift(rank); rank = beams[k][rank].parent; }
  return ranks;
}

const signed = (x) => x.toFixed(2).replace("-", "−");

function mount(root, data, changed = () => {}) {
  const w = unpackEach(data.weights);
  const ids = (words, vocab) => words.map((word) => vocab.indexOf(word));
  const [start, end] = ids(data.marks, data.target);
  const input = element("input", { type: "text", value: data.numbers.join(" "), spellcheck: "false", autocomplete: "off", inputmode: "numeric" });
  const range = (min, max, step, value) => element("input", { type: "range", min, max, step, value });
  const width = range(1, data.widest, 1, data.width), power = range(0, 1, 0.1, data.power), walk = range(1, 1, 1, 1);
  const widthSaid = element("output"), powerSaid = element("output"), walkSaid = element("output");
  const back = element("button", { type: "button" }, ["back"]), next = element("button", { type: "button" }, ["next step"]);
  const note = element("p", { class: "sx-note", role: "status" }), verdict = element("p", { class: "sx-note" });
  const sheet = drawn("svg", { role: "img", style: "display:block" });
  const strip = element("div", { class: "sx-strip", tabindex: "0", role: "group", style: "margin-top:8px",
    "aria-label": "The beam, a column for each step, the best above: arrow keys go from step to step" }, [sheet]);
  const table = element("table", { style: "table-layout:auto;border-collapse:collapse;width:100%;font-size:13px;margin:8px 0 0" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  root.replaceChildren(labelled("Numbers", input), note,
    element("div", { class: "sx-controls" }, [labelled("Width", width, widthSaid), labelled("α", power, powerSaid),
      labelled("Step", walk, walkSaid), element("div", { style: "display:flex;gap:8px" }, [back, next])]),
    strip, table, verdict, result);
  power.setAttribute("aria-label", "Power of the length, alpha");

  let beams = [], answer = [], greedy = [], truth = 0;

  const joined = (numbers, side) => numbers.flatMap((n, k) => [...(k ? [COMMA] : []), ...data.spelled[n][side]]);
  const wordsOf = (all, step, rank) => path(all, step, rank).map((r, k) => data.target[all[k][r].token]).filter((word) => word !== data.marks[1]);

  function compute() {
    const all = (input.value.match(/\d+/g) ?? []).map(Number), numbers = all.filter((n) => n < data.spelled.length).slice(0, data.most);
    note.textContent = !numbers.length ? `Write one to ${data.most} whole numbers from 0 to ${data.spelled.length - 1}.`
      : numbers.length < all.length ? `Read: ${numbers.join(" ")}. At most ${data.most} numbers, none above ${data.spelled.length - 1}.` : "";
    if (!numbers.length) return;
    const first = begin(w, ids(joined(numbers, 0), data.source));
    beams = search(w, first, start, end, data.longest, Number(width.value), Number(power.value));
    const alone = search(w, first, start, end, data.longest, 1, 0);
    greedy = wordsOf(alone, alone.length - 1, 0);
    answer = joined(numbers, 1);
    let h = first, before = start;
    truth = 0;
    for (const token of [...ids(answer, data.target), end]) {
      h = gru(w, "write", before, h);
      truth += logP(w, h)[token];
      before = token;
    }
    walk.max = beams.length; // before the value, which cannot be larger
    walk.value = beams.length;
    show();
  }

  function show() {
    const step = Number(walk.value) - 1, beam = beams[step], best = path(beams, step, 0);
    const alive = new Set(beam.flatMap((_, rank) => path(beams, step, rank).map((r, k) => `${k}.${r}`)));
    drawTree(step, best, alive);
    drawTable(step, beam);
    back.disabled = step === 0;
    next.disabled = step === beams.length - 1;
    widthSaid.textContent = `${width.value} kept`;
    powerSaid.textContent = Number(power.value).toFixed(1);
    walkSaid.textContent = `${step + 1} of ${beams.length}`;
    power.setAttribute("aria-valuetext", powerSaid.textContent);
    walk.setAttribute("aria-valuetext", `step ${walkSaid.textContent}`);
    const dead = beams.slice(0, step + 1).reduce((sum, all, k) => sum + all.filter((_, r) => !alive.has(`${k}.${r}`)).length, 0);
    const said = `Step ${step + 1} of ${beams.length}: ${beam.length} kept, ${dead} died out. Best: “${wordsOf(beams, step, 0).join(" ")}”, log p ${signed(beam[0].log_p)}.`;
    sheet.setAttribute("aria-label", said);
    verdict.textContent = step === beams.length - 1 ? judged() : "";
    root.dataset.result = result.textContent = `${said} ${verdict.textContent}`.trim();
    root.explorer = { truth, beams: beams.map((all) => all.map(({ parent, token, log_p, length }) => ({ parent, token, log_p, length }))) }; // for tests
  }

  // A better sentence missed, or a wrong one that the model itself prefers?
  function judged() {
    const last = beams.at(-1)[0], said = wordsOf(beams, beams.length - 1, 0).join(" "), right = said === answer.join(" ");
    const own = last.score, of_truth = truth / (answer.length + 1) ** Number(power.value);
    const why = right ? "Right." : of_truth > own ? `Wrong, though the right answer has the better score, ${signed(of_truth)}: a search error, which a wider beam may mend.`
      : `Wrong, and the model likes it better than the right answer (${signed(of_truth)}): a model error, which no search mends.`;
    return `${why} ${right ? "" : `Right answer: ${answer.join(" ")}. `}Greedy writes ${greedy.join(" ") === said ? "the same" : `“${greedy.join(" ")}”`}.`;
  }

  function drawTree(step, best, alive) {
    const gap = 94, tall = 36, x = (k) => 46 + gap * (k + 1), y = (rank) => 20 + tall * rank;
    const wide = x(beams.length - 1) + 40, high = tall * Math.max(...beams.map((all) => all.length)) + 6;
    sheet.replaceChildren();
    for (const [name, value] of Object.entries({ width: wide, height: high, viewBox: `0 0 ${wide} ${high}` })) sheet.setAttribute(name, value);
    const main = "rgb(213,94,0)", boxes = [];
    const box = (at, words, look) => boxes.push(drawn("rect", { x: at[0] - 33, y: at[1] - 12, width: 66, height: 24, rx: 5, fill: "none", ...look }),
      drawn("text", { x: at[0], y: at[1] + 4.5, "text-anchor": "middle", "font-size": 12.5, fill: "currentColor" }, words));
    box([x(-1), y(0)], "START", { stroke: "currentColor" });
    beams.slice(0, step + 1).forEach((all, k) => all.forEach((one, rank) => {
      const chosen = best[k] === rank, lives = alive.has(`${k}.${rank}`), from = y(k ? one.parent : 0);
      const look = { stroke: chosen ? main : "currentColor", "stroke-width": chosen ? 3 : 1, ...(lives ? {} : { "stroke-dasharray": "3 3", "stroke-opacity": 0.6 }) };
      sheet.append(drawn("line", { x1: x(k - 1) + 33, y1: from, x2: x(k) - 33, y2: y(rank), ...look }));
      const over = k && beams[k - 1][one.parent].ended; // it had ended before: a line that goes on
      if (over) sheet.append(drawn("line", { x1: x(k) - 33, y1: y(rank), x2: x(k) + 33, y2: y(rank), ...look }));
      else box([x(k), y(rank)], one.ended ? "END" : data.target[one.token], look);
    }));
    sheet.append(...boxes);
    if (x(step) + 40 > strip.scrollLeft + strip.clientWidth || x(step) - 40 < strip.scrollLeft) strip.scrollLeft = x(step) + 40 - strip.clientWidth;
  }

  function drawTable(step, beam) {
    const cell = (tag, text, side) => element(tag, { style: `text-align:${side};padding:2px 5px;vertical-align:top;color:inherit;background:none` }, [text]);
    const head = (text, side) => { const node = cell("th", text, side); node.setAttribute("scope", "col"); return node; };
    const divided = Number(power.value) > 0;
    table.replaceChildren(element("thead", {}, [element("tr", {}, [head("kept", "left"), head("beginning", "left"), head("log p", "right"),
      ...(divided ? [head("score", "right")] : [])])]),
    element("tbody", {}, beam.map((one, rank) => element("tr", { style: "border-top:1px solid var(--line)" }, [cell("td", `${rank + 1}`, "left"),
      cell("td", `${wordsOf(beams, step, rank).join(" ")}${one.ended ? " END" : " …"}`, "left"), cell("td", signed(one.log_p), "right"),
      ...(divided ? [cell("td", signed(one.score), "right")] : [])]))));
  }

  function go(to) {
    walk.value = to;
    show();
  }

  strip.onkeydown = (event) => {
    const to = { ArrowLeft: Number(walk.value) - 1, ArrowRight: Number(walk.value) + 1, Home: 1, End: beams.length }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(to);
  };
  input.oninput = () => { compute(); changed(input.value); };
  width.oninput = power.oninput = compute;
  walk.oninput = show;
  back.onclick = () => go(Number(walk.value) - 1);
  next.onclick = () => go(Number(walk.value) + 1);
  compute();
  return { write() {}, stop() {} };
}
