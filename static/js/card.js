// The small things of a card.
(() => {
  "use strict";

  // details[data-must]: a long value that has to be opened before [data-after-reading] can be pressed.
  const opened = new Set();

  function check() {
    const all = [...document.querySelectorAll("[data-must]")];
    for (const button of document.querySelectorAll("[data-after-reading]")) {
      button.disabled = !all.length || all.some((one) => !opened.has(one.dataset.must));
    }
  }

  document.addEventListener("toggle", ({ target }) => {
    if (!target.open || !target.dataset?.must) return;
    opened.add(target.dataset.must);
    check();
  }, true);
  document.addEventListener("htmx:afterSettle", check);

  // form[data-renew]: a claim is renewed while its request is open and the page can be seen.
  const MILLISECONDS = 100_000;
  setInterval(() => {
    const form = !document.hidden && document.querySelector("form[data-renew]");
    if (!form) return;
    const said = new FormData(form);
    said.set("kind", "renew");
    fetch(form.action, { method: "POST", body: said, headers: { "HX-Request": "true" } }).catch(() => {});
  }, MILLISECONDS);

  // [data-mention]: puts this @name into the text of its form, where it is being written.
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-mention]"), field = button?.form.elements.text;
    if (!field) return;
    field.setRangeText(`@${button.dataset.mention} `, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  });
})();
