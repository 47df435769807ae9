// [data-row]: the row that was opened is the current one, at once; one that is newly chosen is brought into view (behind
// the last one, what fetches more), and gets the focus that nothing has on load, or that a swap took away, unless [data-first] wants it.
(() => {
  "use strict";
  const open = () => document.getElementById(`request-${document.getElementById("selected")?.value}`);
  const chosen = () => document.querySelector("[data-row][aria-current='true']") || open();
  let last, wasFocused = matchMedia("(hover: hover)").matches;

  function show() {
    const row = chosen();
    if (row) row.ariaCurrent = "true";
    if (row && row.id !== last) row.scrollIntoView({ block: "nearest" });
    if (row && row === [...document.querySelectorAll("[data-row]")].at(-1)) document.querySelector(".more")?.scrollIntoView({ block: "nearest" });
    last = row?.id;
    if (wasFocused && document.activeElement === document.body) (document.querySelector("[data-first]") || row)?.focus({ preventScroll: true });
    wasFocused = false;
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    for (const one of document.querySelectorAll("[data-row][aria-current]")) one.ariaCurrent = null;
    row.ariaCurrent = "true";
    last = row.id;
  });
  document.addEventListener("htmx:beforeSwap", () => { wasFocused ||= document.activeElement !== document.body; });
  document.addEventListener("htmx:afterSettle", () => requestAnimationFrame(show));
  requestAnimationFrame(() => { show(); document.querySelector("[data-top]")?.scrollTo(0, 0); });
})();
