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
      if (place) one.scrollTo({ top: place[0], left: place[1], behavior: "instant" });
      one.querySelector(":focus")?.scrollIntoView({ block: "nearest", behavior: "instant" });
    }
    places.clear();
  });
})();
