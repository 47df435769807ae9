// [data-settle]: its buttons rest for a moment after they have changed under the reader's hand, so that a click or a
// key that was meant for one request never decides the next. What is asked of the open card ends the loading of another
// one, and an answer for a card that has left the page comes too late.
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

  document.addEventListener("htmx:beforeSend", ({ target }) => {
    if (target.closest("[data-card]") && !target.matches("[data-watch]")) window.htmx.trigger("#detail", "htmx:abort");
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, verb } = detail.requestConfig;
    if (verb === "get" && !elt.isConnected) detail.shouldSwap = false;
  });
})();
