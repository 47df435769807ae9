// [data-news] fetches the queue again when something changed, and nothing moves for it: rows are brought up to date in
// their place, those that have left stay and say so, and new ones wait behind [data-news-bar].
(() => {
  "use strict";
  const rowsOf = (root) => [...root.querySelectorAll("[data-row]")];

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { requestConfig: { elt }, xhr } = detail;
    if (!("news" in elt.dataset) || !detail.shouldSwap || detail.isError) return;
    const queue = document.getElementById("queue");
    const fresh = new DOMParser().parseFromString(xhr.responseText, "text/html").getElementById("queue");
    if (!fresh || !rowsOf(queue).length) return;
    detail.shouldSwap = false;
    merge(queue, fresh);
  });

  function merge(queue, fresh) {
    const shown = rowsOf(queue), now = new Map(rowsOf(fresh).map((row) => [row.id, row]));
    const here = new Set(shown.map((row) => row.id));
    const isWhole = !fresh.querySelector(".more");
    const last = isWhole ? shown.length : shown.findLastIndex((row) => now.has(row.id));
    shown.forEach((row, place) => now.has(row.id) ? renew(row, now.get(row.id)) : place <= last && mark(row));
    const lastNow = queue.querySelector(".more") ? [...now.keys()].findLastIndex((id) => here.has(id)) : now.size;
    announce(queue, [...now.values()].filter((row, place) => place < lastNow && !here.has(row.id)));
    queue.querySelector(".seg").replaceChildren(...fresh.querySelector(".seg").childNodes);
    for (const one of queue.querySelectorAll(".grp:has(+ ul [data-row]) .num")) {
      if (!one.textContent.endsWith("+")) one.textContent = one.closest("h2").nextElementSibling.querySelectorAll("[data-row]:not(.gone)").length;
    }
    const items = queue.querySelector(".filter > .num"), count = fresh.querySelector(".filter > .num");
    if (items) items.textContent = count?.textContent || "";
    queue.querySelectorAll(".seg > a").forEach((one) => window.htmx.process(one));
  }

  function renew(row, fresh) {
    row.classList.remove("gone");
    row.ariaDisabled = null;
    for (const part of [".risk", "b", ".sub"]) {
      const old = row.querySelector(part), current = fresh.querySelector(part);
      if (old.outerHTML !== current.outerHTML) old.replaceWith(current);
    }
  }

  function mark(row) {
    if (row.classList.contains("gone")) return;
    row.classList.add("gone");
    row.ariaDisabled = "true";
    const word = document.createElement("span");
    word.className = "tag xs";
    word.textContent = "no longer here";
    row.querySelector(".e").replaceChildren(word);
  }

  function announce(queue, news) {
    const bar = queue.querySelector("[data-news-bar]");
    const high = news.filter((row) => row.querySelector("[data-level=high]")).length;
    const words = `${news.length} new` + (high ? `, ${high} high risk` : "");
    if (news.length && bar.textContent !== words) bar.textContent = words;
    bar.hidden = !news.length;
  }
})();
