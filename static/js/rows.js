// [data-row]: the row that was opened is the current one, at once; one that is newly chosen is brought into view (behind
// the last one, what fetches more), and gets the focus that nothing has on load, or that a swap took away, unless
// [data-first] wants it.
(() => {
  "use strict";
  const open = () => document.getElementById(`request-${document.getElementById("selected")?.value}`);
  const current = () => document.querySelector("[data-row][aria-current=true]");
  let last, wasFocused = matchMedia("(hover: hover)").matches;

  function show() {
    const row = document.querySelector(".detail[aria-busy]") ? current() : open() || current();  // busy: what was clicked is loading
    become(row);
    if (row && row === [...document.querySelectorAll("[data-row]")].at(-1)) document.querySelector(".more")?.scrollIntoView({ block: "nearest" });
    if (wasFocused && document.activeElement === document.body) (document.querySelector("[data-first]") || row)?.focus({ preventScroll: true });
    wasFocused = false;
  }

  // The only current one; a new one takes the focus from the one before.
  function become(row) {
    if (!row) return;
    for (const one of document.querySelectorAll("[data-row][aria-current]")) one.ariaCurrent = null;
    row.ariaCurrent = "true";
    if (row.id === last) return;
    last = row.id;
    row.scrollIntoView({ block: "nearest" });
    if (document.activeElement.matches("[data-row]")) row.focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => become(event.target.closest("[data-row]")));
  document.addEventListener("htmx:beforeSwap", () => { wasFocused ||= document.activeElement !== document.body; });
  document.addEventListener("htmx:afterSettle", () => requestAnimationFrame(show));
  requestAnimationFrame(() => { show(); document.querySelector("[data-top]")?.scrollTo(0, 0); });
})();
