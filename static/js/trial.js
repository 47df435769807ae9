// [data-tried]: what a rule would have said about calls of the past; it leaves as soon as [data-trial]'s form says another
// rule. While that form has something [data-refused], what saves it cannot be pressed.
(() => {
  "use strict";
  const form = document.querySelector("form[data-trial]");

  function check() {
    const isRefused = Boolean(form.querySelector("[data-refused]"));
    for (const button of form.querySelectorAll("[name=action]:not([formnovalidate])")) button.disabled = isRefused;
  }

  form.addEventListener("input", ({ target }) => {
    if (target.name === "call") return;
    window.htmx.trigger(form.querySelector("[data-try]"), "htmx:abort");
    const tried = form.querySelector("[data-tried]");
    if (!tried) return;
    tried.textContent = form.dataset.trial;
    tried.removeAttribute("data-tried");
  });
  document.addEventListener("htmx:afterSettle", check);
  check();
})();
