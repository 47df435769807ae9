// Without a connection nobody decides: nothing is kept for later, for a stale approval is a wrong one. When it is back
// the card is compared with what the server knows, and only then decisions are possible again.
(() => {
  "use strict";
  const indicator = document.querySelector("[data-live]");
  if (!indicator) return;
  const WRITING = "#detail button, #detail .act a, .batch button, .toast button";
  const AGAIN_MILLISECONDS = 2000;
  const isWithout = () => indicator.dataset.state === "offline";
  let isOff = false;

  function rest(isResting) {
    isOff = isResting;
    for (const one of document.querySelectorAll(WRITING)) one.ariaDisabled = isResting ? "true" : null;
  }

  function compare() {
    const watch = document.querySelector("[data-watch]");
    if (!isOff || isWithout()) return;
    if (!watch) return rest(false);
    document.body.dispatchEvent(new CustomEvent(watch.getAttribute("hx-trigger").match(/cs:\S+/)[0]));
    setTimeout(compare, AGAIN_MILLISECONDS);
  }

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (isOff && !isWithout() && detail.successful && "watch" in detail.requestConfig.elt.dataset) rest(false);
  });

  new MutationObserver(() => {
    if (isWithout()) rest(true);
    else compare();
  }).observe(indicator, { attributeFilter: ["data-state"] });

  document.addEventListener("htmx:afterSettle", () => isOff && rest(true));
  for (const kind of ["click", "submit"]) {
    document.addEventListener(kind, (event) => {
      const { target } = event, isNone = !target.closest(WRITING) || target.closest("[popovertargetaction=hide]");
      if (!isOff || (kind === "click" && isNone)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    }, true);
  }
})();
