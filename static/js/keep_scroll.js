// [data-keep-scroll]: an element with an id stays where the reader has scrolled it when the same is fetched again, unless
// what got the focus would be out of sight.
(() => {
  "use strict";
  const places = new Map();

  document.addEventListener("htmx:beforeSwap", () => {
    for (const one of document.querySelectorAll("[data-keep-scroll]")) places.set(one.id + one.dataset.keepScroll, [one.scrollTop, one.scrollLeft]);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const one of document.querySelectorAll("[data-keep-scroll]")) {
      const place = places.get(one.id + one.dataset.keepScroll);
      if (place) [one.scrollTop, one.scrollLeft] = place;
      one.querySelector(":focus")?.scrollIntoView({ block: "nearest" });
    }
    places.clear();
  });
})();
