// [data-settle]: its buttons rest for a moment after they have changed under the reader's hand, and while another card
// is loaded; who presses one then is told so, and nothing is done later. What is asked of a card ends that loading; an
// answer for a card that has left comes too late.
(() => {
  "use strict";
  const MILLISECONDS = 600;

  document.addEventListener("htmx:afterSettle", ({ target }) => {
    const changed = target.id === "changes" ? document : target;
    for (const one of changed.querySelectorAll?.("[data-settle]") || []) {
      one.ariaBusy = "true";
      setTimeout(() => { one.ariaBusy = null; }, MILLISECONDS);
    }
  });
  document.addEventListener("click", (event) => {
    const early = event.target.closest("[data-settle][aria-busy] button, :is([aria-busy=true], [data-unproven]) .act button");
    if (!early) return;
    early.classList.add("early");
    setTimeout(() => early.classList.remove("early"), MILLISECONDS);
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const pane = document.getElementById("detail");
  let loading;
  document.addEventListener("htmx:beforeSend", ({ target, detail: { xhr } }) => {
    const shown = document.getElementById("selected")?.value;
    if (target.matches("[data-row]") && !target.id.endsWith(shown) && pane) {
      loading = xhr;
      pane.ariaBusy = "true";
      xhr.onloadend = () => { if (loading === xhr) pane.ariaBusy = null; };  // its row may be another by then
    }
    if (target.closest("[data-card]") && !target.matches("[data-watch], .valid")) window.htmx.trigger(pane, "htmx:abort");
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { elt, verb } = detail.requestConfig;
    if (verb === "get" && !elt.isConnected && !elt.matches("[data-row]")) detail.shouldSwap = false;
  });
})();
