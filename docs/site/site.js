// Marks of progress, the claims' filter, and what a keyboard needs. Everything stays in this browser.
(() => {
  const KEY = "sequence-models.done";
  const load = () => { try { return JSON.parse(localStorage.getItem(KEY)) || {}; } catch { return {}; } };
  const save = (done) => { try { localStorage.setItem(KEY, JSON.stringify(done)); } catch { /* a browser that keeps nothing */ } };
  const pageOf = (href) => (href.split("#")[0].split("?")[0].split("/").pop() || "index.html").replace(/\.html$/, "");
  const isBook = (name) => /^\d\d_/.test(name);
  const here = pageOf(location.pathname);

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  // A tick beside each page in the sidebar that is marked, with a word for those who do not see it.
  function tick() {
    const done = load();
    const links = [...document.querySelectorAll(".bd-sidebar-primary .bd-links a")].filter((a) => isBook(nameOf(a)));
    for (const a of links) {
      a.querySelector(".done-word")?.remove();
      a.classList.toggle("done", Boolean(done[nameOf(a)]));
      if (done[nameOf(a)]) a.append(element("span", { class: "done-word" }, " (done)"));
    }
    const line = document.getElementById("progress");
    if (line) {
      const count = links.filter((a) => done[nameOf(a)]).length;
      line.hidden = count === 0;
      line.textContent = `You have marked ${count} of ${links.length} notebooks as done.`;
    }
  }
  const nameOf = (a) => (a.getAttribute("href") === "#" ? here : pageOf(a.getAttribute("href")));

  function mark() {
    const article = document.querySelector("article.bd-article");
    if (!isBook(here) || !article) return;
    const button = element("button", { type: "button" });
    const say = () => {
      const yes = Boolean(load()[here]);
      button.setAttribute("aria-pressed", yes);
      button.textContent = yes ? "✓ Done: take the mark away" : "Mark this page as done";
    };
    button.onclick = () => {
      const done = load();
      if (done[here]) delete done[here]; else done[here] = new Date().toISOString().slice(0, 10);
      save(done);
      say();
      tick();
    };
    say();
    article.append(element("p", { class: "page-mark" }, button));
  }

  function filter() {
    const group = document.querySelector(".filters");
    if (!group) return;
    const buttons = [...group.querySelectorAll("button")];
    for (const button of buttons) button.onclick = () => {
      for (const other of buttons) other.setAttribute("aria-pressed", other === button);
      const verdict = button.dataset.verdict;
      for (const row of document.querySelectorAll(".claims tbody tr")) row.hidden = verdict !== "" && row.dataset.verdict !== verdict;
    };
  }

  // What scrolls sideways can be reached by keyboard, and has a name.
  function scrollers() {
    const found = document.querySelectorAll("article pre, mjx-container[display=true], div.math, .sl-table, .claims, .pst-scrollable-table-container, .cell_output, .sx *");
    for (const node of found) {
      if (node.matches("textarea, input, select, button, a, summary")) continue; // a keyboard reaches these anyway
      const wide = node.scrollWidth > node.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(node).overflowX);
      if (wide && !node.hasAttribute("tabindex")) { node.setAttribute("tabindex", "0"); node.dataset.made = ""; }
      if (!wide && "made" in node.dataset) { node.removeAttribute("tabindex"); delete node.dataset.made; }
    }
  }

  addEventListener("DOMContentLoaded", () => {
    mark();
    tick();
    filter();
    scrollers();
    addEventListener("resize", scrollers);
    document.addEventListener("toggle", scrollers, true);
    const ready = () => (window.MathJax?.startup?.promise ? MathJax.startup.promise.then(scrollers) : null);
    addEventListener("load", () => { ready(); scrollers(); document.documentElement.dataset.ready = ""; });
  });
})();
