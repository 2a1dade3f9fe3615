// A text cut into tokens by byte-pair encoding, with a slider for the number of merges: mount(root, data, changed).

const SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const PIECES = new RegExp(`'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACE}\\p{L}\\p{N}]+|` +
  `[${SPACE}]+(?![^${SPACE}])|[${SPACE}]+`, "gu");
const LONGEST = 2000; // characters read; more would only be scrolled past
const HUES = ["86,180,233", "230,159,0", "0,158,115", "204,121,167"];

// Merges as [left, right] ids, and the bytes of every token; ids below 256 are bytes in GPT-2's order.
function read(base64) {
  const raw = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), numbers = new Uint16Array(raw.buffer);
  const printable = (b) => (b > 32 && b < 127) || (b > 160 && b < 173) || b > 173;
  const bytes = [...Array(256).keys()], order = [...bytes.filter(printable), ...bytes.filter((b) => !printable(b))];
  const tokens = order.map((b) => [b]), ids = new Map();
  for (let k = 0; k < numbers.length; k += 2) {
    ids.set(numbers[k] * 65536 + numbers[k + 1], tokens.length);
    tokens.push([...tokens[numbers[k]], ...tokens[numbers[k + 1]]]);
  }
  return { tokens, ids, idOf: new Map(order.map((b, i) => [b, i])) };
}

// The earliest merge first, as long as there is one below `size`.
function merge(ids, coding, size) {
  for (;;) {
    let best = size;
    for (let i = 0; i + 1 < ids.length; i++) best = Math.min(best, coding.ids.get(ids[i] * 65536 + ids[i + 1]) ?? size);
    if (best === size) return ids;
    const merged = [];
    for (let i = 0; i < ids.length; i++) {
      const hit = i + 1 < ids.length && coding.ids.get(ids[i] * 65536 + ids[i + 1]) === best;
      merged.push(hit ? best : ids[i]);
      if (hit) i++;
    }
    ids = merged;
  }
}

function hex(bytes) {
  return bytes.map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

// A token's text, white space made visible; bytes that are only a part of a character as hexadecimal numbers.
function legible(bytes) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
    return text.replace(/ /g, "␣").replace(/\n/g, "⏎").replace(/\t/g, "⇥");
  } catch {
    return `⟨${hex(bytes)}⟩`;
  }
}

function mount(root, data, changed = () => {}) {
  const coding = read(data.merges), most = coding.tokens.length;
  const input = element("textarea", { rows: 3, spellcheck: "false", autocomplete: "off", "aria-label": "Your text" });
  const slider = element("input", { type: "range", min: 0, max: most - 256, step: 1, value: data.size - 256,
    "aria-label": "Number of merges" });
  const shown = element("output"), strip = element("div", { role: "img",
    style: "margin-top:10px;overflow-wrap:anywhere;font:14px/1.9 var(--jp-code-font-family,ui-monospace,monospace)" });
  const result = element("p", { class: "sx-result", "aria-live": "polite" });
  const labelled = (name, ...rest) => element("label", {}, [element("span", {}, [name]), ...rest]);
  input.value = data.text;
  root.replaceChildren(labelled("Text", input), labelled("Merges", slider, shown), strip, result);

  function show() {
    const size = 256 + Number(slider.value), text = Array.from(input.value).slice(0, LONGEST).join("");
    const ids = (text.match(PIECES) ?? []).flatMap((piece) =>
      merge(Array.from(new TextEncoder().encode(piece), (b) => coding.idOf.get(b)), coding, size));
    const bytes = ids.reduce((sum, id) => sum + coding.tokens[id].length, 0);
    strip.replaceChildren(...ids.flatMap((id, i) => {
      const words = legible(coding.tokens[id]);
      const token = element("span", { title: `id ${id}, bytes ${hex(coding.tokens[id])}`,
        style: `background:rgba(${HUES[i % 4]},.35);border-left:1px solid currentColor;padding:2px 1px` }, [words]);
      return words.endsWith("⏎") ? [token, element("br")] : [token, element("wbr")];
    }));
    const ratio = ids.length ? (bytes / ids.length).toFixed(2) : "0";
    const said = `${ids.length} tokens for ${bytes} bytes, ${ratio} bytes per token, ${size - 256} merges`;
    shown.textContent = `${size - 256} (vocabulary ${size})`;
    slider.setAttribute("aria-valuetext", `${size - 256} merges`);
    strip.setAttribute("aria-label", `${said}: ${ids.map((id) => legible(coding.tokens[id])).join(" | ")}`);
    root.dataset.result = result.textContent = said;
    root.explorer = { ids }; // for tests
  }

  slider.oninput = show;
  input.oninput = () => { show(); changed(input.value); };
  show();
  return { write(text) { if (text !== input.value) { input.value = text; show(); } }, stop() {} };
}
