// [data-row]: the row that was opened is the current one, at once.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    for (const one of document.querySelectorAll("[data-row][aria-current]")) one.removeAttribute("aria-current");
    row.setAttribute("aria-current", "true");
  });
})();
