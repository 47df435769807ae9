// form[data-renew]: a claim is renewed while its request is open and the page can be seen.
(() => {
  "use strict";
  const MILLISECONDS = 100_000;
  setInterval(() => {
    const form = !document.hidden && document.querySelector("form[data-renew]");
    if (!form) return;
    const said = new FormData(form);
    said.set("kind", "renew");
    fetch(form.action, { method: "POST", body: said, headers: { "HX-Request": "true" } }).catch(() => {});
  }, MILLISECONDS);
})();
