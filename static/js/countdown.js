// [data-seconds]: counts down from there, by the page's own clock. [data-ring] inside is a circle that empties,
// [data-left] has the words; the form of a toast goes when time is up. In the last quarter of [data-of] it is soon, in the
// last minutes hot.
(() => {
  "use strict";
  const HOT = 5 * 60;
  const ends = new WeakMap();

  function words(seconds) {
    if (seconds <= 0) return "Time is up";
    if (seconds >= 1800 && seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60;
    const rest = String(Math.floor(seconds % 60)).padStart(2, "0");
    if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
    if (hours) return `${hours} h ${String(minutes).padStart(2, "0")} m`;
    return `${minutes}:${rest}`;
  }

  function tick() {
    for (const one of document.querySelectorAll("[data-seconds]")) {
      if (!ends.has(one)) ends.set(one, performance.now() + one.dataset.seconds * 1000);
      const seconds = (ends.get(one) - performance.now()) / 1000;
      const left = one.querySelector("[data-left]") || one;
      const text = words(seconds) + (seconds > 0 && one.dataset.after ? ` ${one.dataset.after}` : "");
      if (left.textContent !== text) left.textContent = text;
      if (seconds <= 0) one.closest(".toast form")?.remove();
      one.classList.toggle("hot", seconds < HOT);
      one.classList.toggle("soon", seconds >= HOT && seconds < one.dataset.of / 4);
      one.querySelector("[data-ring]")?.setAttribute("stroke-dasharray", `${Math.max(0, 100 * seconds / one.dataset.of)} 100`);
    }
  }

  tick();
  setInterval(tick, 1000);
  document.addEventListener("htmx:load", tick);
})();
