// A table that sorts by any column and greys out what lies beyond two limits: mount(root, data, changed).

const shown = (value) => Math.abs(value) >= 100
  ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));

function mount(root, data, changed = () => {}) {
  const place = (column) => data.columns.indexOf(column) + 1;
  const state = { sort: data.sort, turned: false };
  const head = element("tr"), body = element("tbody");
  const table = element("table", { style: "border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums" },
    [element("thead", {}, [head]), body]);
  const said = element("p", { role: "status", "aria-live": "polite", style: "margin-top:10px" });

  // A limit is one of the values that occur: the slider names the largest that is allowed.
  function limit(column, label) {
    const steps = [...new Set(data.rows.map((row) => row[place(column)]))].sort((a, b) => a - b);
    const input = element("input", { type: "range", min: 0, max: steps.length - 1, step: 1, value: steps.length - 1,
      "aria-label": label });
    const output = element("output");
    input.oninput = () => { show(); changed(state.sort); };
    return { input, output, value: () => steps[Number(input.value)],
      node: element("label", {}, [element("span", {}, [label]), input, output]) };
  }
  const carried = limit(data.carried, `most ${data.carried}`), ms = limit(data.ms, `most ${data.ms}`);

  for (const name of ["family", ...data.columns]) {
    const button = element("button", { type: "button", style: "padding:3px 4px;font-size:11px;width:100%;white-space:nowrap" }, [name]);
    button.onclick = () => {
      state.turned = state.sort === name && !state.turned;
      state.sort = name;
      show();
      changed(name);
    };
    head.append(element("th", { scope: "col", style: "padding:2px 3px" }, [button]));
  }

  function ordered() {
    const at = state.sort === "family" ? 0 : place(state.sort), more = data.better[state.sort] === "more";
    const rows = [...data.rows].sort((a, b) => at ? (more ? b[at] - a[at] : a[at] - b[at]) : a[0].localeCompare(b[0]));
    return state.turned ? rows.reverse() : rows;
  }

  function show() {
    const rows = ordered(), fits = (row) => row[place(data.carried)] <= carried.value() && row[place(data.ms)] <= ms.value();
    const best = (state.turned ? [...rows].reverse() : rows).find(fits);
    [...head.children].forEach((cell, k) => {
      const name = ["family", ...data.columns][k], here = name === state.sort;
      const upward = (data.better[name] === "more") === state.turned;
      if (here) cell.setAttribute("aria-sort", upward ? "ascending" : "descending"); else cell.removeAttribute("aria-sort");
      cell.firstChild.textContent = name + (here ? (upward ? " ▲" : " ▼") : "");
    });
    body.replaceChildren(...rows.map((row) => element("tr", { style: fits(row) ? "" : "font-style:italic;text-decoration:line-through" },
      row.map((value, k) => element(k ? "td" : "th", { ...(k ? {} : { scope: "row" }),
        style: `padding:4px 8px;border-top:1px solid var(--line);text-align:${k ? "right" : "left"};` +
          (row === best ? "background:rgba(var(--up),.16);font-weight:600" : "") }, [k ? shown(value) : value])))));
    carried.output.textContent = shown(carried.value());
    ms.output.textContent = shown(ms.value());
    for (const each of [carried, ms]) each.input.setAttribute("aria-valuetext", `at most ${shown(each.value())}`);
    const equals = best ? rows.filter((row) => fits(row) && row[place(state.sort)] === best[place(state.sort)]).map((row) => row[0]) : [];
    const unit = data.units[state.sort] ? ` (${data.units[state.sort]})` : "";
    said.textContent = best && state.sort !== "family"
      ? `Within the limits the best by ${state.sort}${unit} ${equals.length > 1 ? "are" : "is"} ${equals.join(", ")}: ${
        shown(best[place(state.sort)])}.`
      : best ? "Sorted by name." : "Nobody is within both limits.";
    root.dataset.result = `${state.sort} ${best ? best[0] : "nobody"} ${rows.map((row) => row[0]).join(">")}`;
  }

  const scroll = element("div", { style: "overflow-x:auto;margin-top:10px", tabindex: "0", role: "region", "aria-label": "The ladder",
    "data-lm-suppress-shortcuts": "true" }, [table]);
  root.replaceChildren(carried.node, ms.node, scroll, said);
  show();
  return { write(name) { state.sort = name; state.turned = false; show(); }, stop() {} };
}
