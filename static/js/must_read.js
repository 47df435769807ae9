// details[data-must]: a long value that has to be opened before [data-after-reading] can be pressed.
(() => {
  "use strict";
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
})();
