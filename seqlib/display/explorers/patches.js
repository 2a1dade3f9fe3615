// What the patches of a picture look at: mount(root, data) builds the explorer.
// Token 0 is the class token; weights are (pictures · heads · tokens, tokens) for each layer.

function mount(root, data) {
  const pictures = unpack(data.pictures), grid = data.grid, tokens = grid * grid + 1;
  const side = Math.round(Math.sqrt(pictures[0].length)), size = side / grid;
  const layers = data.layers.map((layer) => ({ heads: layer.heads, rows: unpack(layer.weights) }));
  const options = (names) => names.map((name, k) => element("option", { value: k }, [name]));
  const labelled = (name, control) => element("label", {}, [element("span", {}, [name]), control]);
  const chosen = element("select", {}, options(data.names));
  const block = element("select", {}, options(layers.map((_, k) => `block ${k + 1}`)));
  block.value = layers.length - 1;
  const head = element("select");
  const ask = element("button", { type: "button" }, ["class token"]);
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const cell = "padding:0;margin:0;border-radius:0;width:100%;aspect-ratio:1;display:grid;overflow:hidden;gap:0;" +
    `grid-template-columns:repeat(${size},1fr);position:relative;`;
  const patches = Array.from({ length: grid * grid }, (_, n) => {
    const button = element("button", { type: "button", style: cell });
    button.onclick = () => { asking = n + 1; show(); };
    button.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid, ArrowDown: grid }[event.key];
      if (!step) return;
      event.preventDefault();
      const to = n + step, sameRow = Math.floor(to / grid) === Math.floor(n / grid);
      if (to < 0 || to >= grid * grid || (Math.abs(step) === 1 && !sameRow)) return;
      asking = to + 1;
      show();
      patches[to].focus();
    };
    return button;
  });
  const board = element("div", {
    style: `display:grid;grid-template-columns:repeat(${grid},1fr);gap:3px;width:min(100%,300px);margin-top:10px`,
  }, patches);
  root.replaceChildren(
    element("div", { class: "sx-controls" }, [labelled("Picture", chosen), labelled("Block", block), labelled("Head", head)]),
    element("div", { style: "margin-top:8px" }, [ask]), board, result);
  let asking = 0;

  function fillHeads() {
    const before = head.value;
    head.replaceChildren(...options(["mean of all", ...Array.from({ length: layers[block.value].heads }, (_, a) => `head ${a + 1}`)]));
    head.value = before && head.querySelector(`option[value="${before}"]`) ? before : "0";
  }

  function weightsNow() {
    const layer = layers[Number(block.value)], which = Number(chosen.value), a = Number(head.value);
    const row = (h) => layer.rows[(which * layer.heads + h) * tokens + asking];
    if (a) return Array.from(row(a - 1));
    const mean = new Array(tokens).fill(0);
    for (let h = 0; h < layer.heads; h++) row(h).forEach((w, k) => { mean[k] += w / layer.heads; });
    return mean;
  }

  const place = (token) => (token ? `the patch in row ${Math.ceil(token / grid)}, column ${((token - 1) % grid) + 1}` : "the class token");

  function show() {
    const weights = weightsNow(), pixels = pictures[Number(chosen.value)];
    const most = weights.indexOf(Math.max(...weights)), top = Math.max(...weights.slice(1)) || 1;
    patches.forEach((button, n) => {
      const r = Math.floor(n / grid), c = n % grid, parts = [];
      for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) {
        const grey = Math.round(255 * (1 - pixels[(r * size + i) * side + c * size + j]));
        parts.push(element("i", { style: `background:rgb(${grey},${grey},${grey});aspect-ratio:1` }));
      }
      const strength = weights[n + 1] / top;
      parts.push(element("i", { style: `position:absolute;inset:0;background:rgba(213,94,0,${(0.75 * strength).toFixed(3)})` }));
      parts.push(element("b", { style: "position:absolute;right:3px;bottom:1px;font:600 11px system-ui;color:#000;background:rgba(255,255,255,.75);padding:0 2px" },
        [weights[n + 1].toFixed(2)]));
      button.replaceChildren(...parts);
      button.style.outline = asking === n + 1 ? "3px solid #0072B2" : "none";
      button.setAttribute("aria-pressed", String(asking === n + 1));
      button.setAttribute("aria-label", `${place(n + 1)}, gets ${weights[n + 1].toFixed(2)}`);
      button.tabIndex = n === Math.max(0, asking - 1) ? 0 : -1;
    });
    ask.setAttribute("aria-pressed", String(asking === 0));
    ask.style.outline = asking === 0 ? "3px solid #0072B2" : "none";
    const name = head.options[head.selectedIndex].textContent;
    const said = `${data.names[Number(chosen.value)]}, block ${Number(block.value) + 1}, ${name}: ${place(asking)} looks most at ` +
      `${most === asking ? "itself" : place(most)} (${weights[most].toFixed(2)}); ${weights[0].toFixed(2)} of its weight is on the class token`;
    root.dataset.result = result.textContent = said;
    root.explorer = { asking, weights }; // for tests: full precision
  }

  ask.onclick = () => { asking = 0; show(); };
  for (const control of [chosen, head]) control.onchange = show;
  block.onchange = () => { fillHeads(); show(); };
  fillHeads();
  show();
  return { write() {}, stop() {} };
}
