// [data-keep-scroll]: an element with an id stays where the reader has scrolled it when it is fetched again.
(() => {
  "use strict";
  const places = new Map();

  document.addEventListener("htmx:beforeSwap", () => {
    for (const one of document.querySelectorAll("[data-keep-scroll]")) places.set(one.id, [one.scrollTop, one.scrollLeft]);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const one of document.querySelectorAll("[data-keep-scroll]")) {
      const [top, left] = places.get(one.id) || [0, 0];
      one.scrollTo({ top, left, behavior: "instant" });
    }
    places.clear();
  });
})();
