// Flashcards asked again at growing distances (Leitner's boxes). What is known is kept in this browser alone.
(() => {
  const KEY = "sequence-models.cards", DAY = 86_400_000, WAIT = [0, 1, 2, 4, 8, 16]; // days after each box
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const cards = read("cards"), books = read("books");
  const load = () => { try { return JSON.parse(localStorage.getItem(KEY)) || {}; } catch { return {}; } };
  const save = () => { try { localStorage.setItem(KEY, JSON.stringify(kept)); } catch { /* nothing is kept, and all else works */ } };
  let kept = load(), chosen = "", queue = [], turned = false, asked = 0, known = 0;

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const now = () => window.cardsNow ?? Date.now(); // a test turns the clock
  const box = (card) => kept[card.key]?.[0] ?? 0;
  const due = (card) => (kept[card.key]?.[1] ?? 0) <= now();
  const mine = () => cards.filter((card) => !chosen || card.book === chosen);

  // The lowest boxes first; within a box a shuffled order, so that no card is known by its neighbour.
  function fill() {
    queue = mine().filter(due).map((card) => [box(card), Math.random(), card]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((x) => x[2]);
    turned = false;
    show();
  }

  const root = document.getElementById("trainer");
  const pick = element("select", { "aria-label": "Cards of" }, element("option", { value: "" }, `all notebooks (${cards.length})`),
    ...Object.entries(books).map(([number, title]) => element("option", { value: number }, title)));
  const counts = element("p", { class: "counts" }), face = element("div", { class: "face", tabindex: "-1" });
  const buttons = element("div", { class: "row" }), said = element("p", { class: "quiet", "aria-live": "polite" });
  const reset = element("button", { type: "button" }, "Start anew");
  root.replaceChildren(element("div", { class: "row" }, pick, reset), counts, face, buttons, said);

  const button = (label, key, act) => {
    const node = element("button", { type: "button" }, `${label} `, element("kbd", {}, key));
    node.onclick = act;
    return node;
  };
  function typeset() { if (window.MathJax?.typesetPromise) MathJax.typesetPromise([face]); }

  function show() {
    const all = mine(), boxes = WAIT.map((_, i) => all.filter((card) => box(card) === i).length);
    counts.textContent = `${queue.length} to ask now. New or not known: ${boxes[0]}; box 1 to 5: ${boxes.slice(1).join(", ")}.` +
      (asked ? ` This time: ${known} of ${asked} known.` : "");
    const card = queue[0];
    if (!card) {
      const next = Math.min(...all.map((c) => kept[c.key]?.[1] ?? now()));
      face.replaceChildren(element("p", {}, `Nothing to ask until ${new Date(next).toLocaleDateString()}.`));
      buttons.replaceChildren();
      return;
    }
    face.innerHTML = turned ? `<div>${card.front}</div><hr><div>${card.back}</div>` : `<div>${card.front}</div>`;
    buttons.replaceChildren(...(turned ? [button("I knew it", "1", () => answer(true)), button("Not yet", "2", () => answer(false))]
      : [button("Turn the card", "space", turn)]));
    typeset();
  }
  function turn() {
    turned = true;
    show();
    said.textContent = face.lastElementChild.textContent;
    buttons.firstElementChild.focus();
  }
  function answer(yes) {
    const card = queue.shift(), to = yes ? Math.min(box(card) + 1, WAIT.length - 1) : 0;
    asked += 1;
    known += yes;
    kept[card.key] = [to, now() + WAIT[to] * DAY];
    if (!yes) queue.splice(Math.min(3, queue.length), 0, card); // again soon, and not at once
    save();
    turned = false;
    show();
    said.textContent = (yes ? `Known: box ${to}. ` : "Back to the first box. ") + face.textContent;
    buttons.firstElementChild?.focus();
  }

  root.addEventListener("keydown", (event) => {
    if (event.target === pick || event.target === reset || event.ctrlKey || event.metaKey || event.altKey || !queue.length) return;
    const act = turned ? { 1: () => answer(true), 2: () => answer(false) }[event.key] : { 1: null, " ": turn }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  pick.onchange = () => { chosen = pick.value; fill(); };
  reset.onclick = () => {
    if (!confirm("Put these cards back into the first box?")) return;
    for (const card of mine()) delete kept[card.key];
    asked = known = 0;
    save();
    fill();
  };
  fill();
})();
