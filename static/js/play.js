// [data-play]: goes from step to step, one a second, until the last; the speed of the chosen [data-speed] counts.
(() => {
  "use strict";
  let timer, speed = 1;

  const next = () => document.querySelector("a[data-next]");

  function show() {
    for (const button of document.querySelectorAll("[data-play]")) button.setAttribute("aria-pressed", String(Boolean(timer)));
    for (const one of document.querySelectorAll("[data-speed]")) one.setAttribute("aria-pressed", String(Number(one.dataset.speed) === speed));
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
    show();
  }

  function start() {
    clearInterval(timer);
    timer = setInterval(() => (next() ? next().click() : stop()), 1000 / speed);
    show();
  }

  document.addEventListener("click", ({ target, isTrusted }) => {
    const chosen = target.closest("[data-speed]");
    if (chosen) speed = Number(chosen.dataset.speed);
    if (chosen && timer) return start();
    if (chosen) return show();
    if (target.closest("[data-play]")) return timer ? stop() : (next()?.click(), start());
    if (timer && isTrusted && target.closest("a, [data-row]")) stop();
  });
  document.addEventListener("htmx:afterSettle", show);
})();
