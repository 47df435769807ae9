// [data-row]: the row that was opened is the current one, at once; one that is newly chosen is brought into view.
(() => {
  "use strict";
  const chosen = () => document.querySelector("[data-row][aria-current='true']");
  let last;

  function show() {
    const row = chosen();
    if (row && row.id !== last) row.scrollIntoView({ block: "nearest" });
    last = row?.id;
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    for (const one of document.querySelectorAll("[data-row][aria-current]")) one.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
    last = row.id;
  });
  document.addEventListener("htmx:afterSettle", () => requestAnimationFrame(show));
  show();
})();
