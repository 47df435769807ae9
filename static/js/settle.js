// [data-settle]: its buttons rest for a moment after they have changed under the reader's hand, so that a click or a
// key that was meant for one request never decides the next.
(() => {
  "use strict";
  const MILLISECONDS = 600;

  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const changed = target.id === "changes" ? document : target;
    for (const one of changed.querySelectorAll?.("[data-settle]") || []) {
      one.setAttribute("aria-busy", "true");
      setTimeout(() => one.removeAttribute("aria-busy"), MILLISECONDS);
    }
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-settle][aria-busy] button")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
})();
