// While a card is read, that of the next [data-row] is fetched, once, and shown at once when it is opened. What happens to
// it meanwhile drops it; and nothing on it can be decided before the server has said, at its [data-watch], that it holds.
(() => {
  "use strict";
  const CALM = 150, AGAIN = 1000, LONGEST = 120_000;
  const pane = document.getElementById("detail");
  let kept, shown, timer;

  const isLive = () => !document.hidden && document.querySelector("[data-live]")?.dataset.state === "live";
  const isGood = (id) => isLive() && kept?.id === id && performance.now() - kept.at < LONGEST;

  function next() {
    const rows = [...document.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    const others = [...rows.slice(at + 1), ...(document.querySelector(".more") ? [] : rows.slice(0, at).reverse())];  // from the last one up
    return at >= 0 && others.find((row) => row.ariaDisabled !== "true");
  }

  async function look() {
    const row = next();
    if (!row || isGood(row.id)) return;
    if (!isLive()) return plan(AGAIN);
    const card = kept = { id: row.id, at: performance.now() };
    const answer = await fetch(row.getAttribute("hx-get"), { headers: { "HX-Request": "true" } }).catch(() => null);
    const text = answer?.ok && !answer.headers.has("HX-Redirect") && await answer.text();
    for (const name of new Set((text || "").match(/cs:(approval|run)-[\w-]+/g))) {
      document.body.addEventListener(name, () => kept === card && drop(), { once: true });
    }
    card.text = text;
    if (text && kept === card) pane.dataset.ahead = row.id;
  }

  function plan(milliseconds = CALM) {
    clearTimeout(timer);
    timer = setTimeout(look, milliseconds);
  }

  function drop() {
    kept = null;
    delete pane.dataset.ahead;
    plan();
  }

  document.addEventListener("htmx:configRequest", ({ target, detail }) => {
    if (detail.verb !== "post" || !target.closest("[data-card]")) return;
    const row = next();
    detail.parameters.next = row?.id.slice(8) || "";
    if (row && isGood(row.id) && kept.text) detail.parameters.is_kept = "on";
  });
  document.body.addEventListener("cs:open", ({ detail }) => document.getElementById(detail.id)?.click());

  // The request for a row gets what is kept for an answer; everything else is as ever.
  document.addEventListener("htmx:beforeSend", ({ target, detail: { xhr } }) => {
    if (!target.matches("[data-row]")) return;
    shown = isGood(target.id) && kept.text && { ...kept, xhr };
    drop();
    if (!shown) return;
    Object.defineProperties(xhr, {
      status: { value: 200 },
      response: { value: shown.text },
      send: { value: () => queueMicrotask(() => { xhr.onload(); xhr.onloadend?.(); }) },
    });
  });
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (!shown || detail.xhr !== shown.xhr) return;
    const seconds = (performance.now() - shown.at) / 1000;
    for (const one of pane.querySelectorAll("[data-seconds]")) one.dataset.seconds -= seconds;
    pane.querySelector("[data-card]:has([data-watch][hx-get*='seen='])")?.toggleAttribute("data-unproven", true);
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    plan();
    if (!shown || detail.xhr !== shown.xhr) return;
    const watch = pane.querySelector("[data-unproven] > [data-watch]");
    if (watch) document.body.dispatchEvent(new CustomEvent(watch.getAttribute("hx-trigger").match(/cs:\S+/)[0]));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const card = detail.elt.closest("[data-unproven]");
    if (!card || !detail.elt.matches("[data-watch]") || !detail.successful) return;
    if (detail.xhr.status === 204) card.toggleAttribute("data-unproven", false);
    else document.getElementById(shown.id)?.click();
  });
  plan();
})();
