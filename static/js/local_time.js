// <time data-local>: the server writes UTC, the reader sees the time of their own zone.
(() => {
  "use strict";
  const parts = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const clock = new Intl.DateTimeFormat(undefined, parts);
  const exact = new Intl.DateTimeFormat(undefined, { ...parts, fractionalSecondDigits: 3 });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

  function localise(root) {
    for (const one of root.querySelectorAll("time[data-local]")) {
      const moment = new Date(one.dateTime);
      const isNear = Math.abs(Date.now() - moment) < 20 * 3_600_000;
      one.textContent = ({ day, exact: isNear && exact }[one.dataset.local] || (isNear ? clock : full)).format(moment);
    }
  }

  localise(document);
  document.addEventListener("htmx:load", (event) => localise(event.detail.elt));
})();
