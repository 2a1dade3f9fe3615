// A scan as a tree, round by round: mount(root, data, changed).

const WAYS = ["by pairs", "by doubling"];

// The rounds: in each, pairs [earlier, later]; the later step holds what both do.
function plan(steps, way) {
  const rounds = [];
  if (way === "by doubling") {
    for (let reach = 1; reach < steps; reach *= 2) {
      rounds.push(Array.from({ length: steps - reach }, (_, k) => [k, k + reach]));
    }
    return rounds;
  }
  const down = [];
  let places = [...Array(steps).keys()];
  while (places.length > 1) {
    const odd = places.filter((_, k) => k % 2);
    rounds.push(odd.map((later, k) => [places[2 * k], later]));
    down.unshift(odd.slice(0, Math.floor((places.length - 1) / 2)).map((earlier, k) => [earlier, places[2 * k + 2]]));
    places = odd;
  }
  return [...rounds, ...down].filter((joins) => joins.length);
}

// What each step holds before the first round and after each: [a, b, the first step that it has taken in].
function rowsOf(a, b, rounds) {
  let now = b.map((b_t, t) => [a[t], b_t, t]);
  const found = [now];
  for (const joins of rounds) {
    const after = [...now];
    for (const [earlier, later] of joins) {
      const [a1, b1, first] = now[earlier], [a2, b2] = now[later];
      after[later] = [a1 * a2, a2 * b1 + b2, first];
    }
    found.push(now = after);
  }
  return found;
}

const short = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

function mount(root, data, changed = () => {}) {
  const longest = data.b.length;
  const way = element("select", { "aria-label": "How the steps are joined" },
    WAYS.map((name) => element("option", name === data.way ? { selected: "" } : {}, [name])));
  const length = element("input", { type: "range", min: 2, max: longest, step: 1, value: longest, "aria-label": "Number of steps" });
  const round = element("input", { type: "range", min: 0, step: 1, value: 0, "aria-label": "Round" });
  const lengthSaid = element("output"), roundSaid = element("output");
  const next = element("button", { type: "button" }, ["next round"]), back = element("button", { type: "button" }, ["back"]);
  const sheet = drawn("svg", { role: "img", style: "display:block;width:100%;height:auto;margin-top:8px" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  root.replaceChildren(labelled("Joined", way), labelled("Steps", length, lengthSaid), labelled("Round", round, roundSaid),
    element("p", { class: "sx-note" }, [back, " ", next]), element("div", { class: "sx-strip", tabindex: "0", role: "group",
      "aria-label": "The steps, a column each: arrow keys scroll" }, [sheet]), result);

  function show() {
    const steps = Number(length.value), rounds = plan(steps, way.value), last = rounds.length;
    round.max = last;
    const at = Math.min(Number(round.value), last);
    round.value = at;
    back.disabled = at === 0;
    next.disabled = at === last;
    const found = rowsOf(data.a.slice(0, steps), data.b.slice(0, steps), rounds);
    const gap = 84, high = 62, place = new Map([...Array(steps).keys()].map((t) => [t, [50 + gap * t, 34]]));
    sheet.replaceChildren();
    sheet.style.minWidth = `${Math.min(60, 640 / steps) * steps}px`; // beyond the page's width the strip scrolls
    sheet.setAttribute("viewBox", `0 0 ${gap * steps + 16} ${high * last + 70}`);
    const line = (from, to, x) => sheet.append(drawn("line", { x1: from[0], y1: from[1] + 17, x2: x, y2: to - 17,
      stroke: "currentColor", "stroke-opacity": ".55", "stroke-width": 1.3 }));
    const box = ([x, y], [a, b, first], fresh) => {
      const done = first === 0;
      sheet.append(drawn("rect", { x: x - 38, y: y - 16, width: 76, height: 32, rx: 5, stroke: "currentColor",
        fill: done ? "rgba(0,158,115,.25)" : "rgba(230,159,0,.22)", "stroke-width": fresh ? 2.4 : 0.8 }));
      const sign = b < 0 ? "−" : "+";
      sheet.append(drawn("text", { x, y: y + 4.5, "text-anchor": "middle", "font-size": 12.5, fill: "currentColor" },
        done ? `h = ${short(b)}` : `${short(a)} h ${sign} ${short(Math.abs(b))}`));
    };
    for (let t = 0; t < steps; t++) {
      sheet.append(drawn("text", { x: 50 + gap * t, y: 11, "text-anchor": "middle", "font-size": 11, fill: "currentColor" }, `step ${t}`));
      box(place.get(t), found[0][t], false);
    }
    rounds.slice(0, at).forEach((joins, k) => {
      const before = new Map(place), y = 34 + high * (k + 1);
      for (const [earlier, later] of joins) {
        const x = before.get(later)[0];
        line(before.get(earlier), y, x - 10);
        line(before.get(later), y, x);
        place.set(later, [x, y]);
      }
      for (const [, later] of joins) box(place.get(later), found[k + 1][later], k + 1 === at);
    });
    const held = found[at], ready = held.filter(([, , first]) => first === 0).length;
    const joins = rounds.slice(0, at).reduce((sum, one) => sum + one.length, 0);
    const all = rounds.reduce((sum, one) => sum + one.length, 0);
    const said = `${way.value}, ${steps} steps: round ${at} of ${last}, ${joins} of ${all} joins made, ${ready} of ${steps} states ready`;
    const states = held.map(([, b, first], t) => first === 0 ? short(b) : "…").join(", ");
    lengthSaid.textContent = `${steps}`;
    roundSaid.textContent = `${at} of ${last}`;
    round.setAttribute("aria-valuetext", `round ${at} of ${last}`);
    sheet.setAttribute("aria-label", `${said}. States: ${states}`);
    root.dataset.result = result.textContent = `${said}: ${states}`;
    root.explorer = { held }; // for tests
  }

  way.onchange = show;
  length.oninput = () => { show(); changed(length.value); };
  round.oninput = show;
  next.onclick = () => { round.value = Number(round.value) + 1; show(); };
  back.onclick = () => { round.value = Number(round.value) - 1; show(); };
  show();
  return { write() {}, stop() {} };
}
