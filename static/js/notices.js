// The title of the tab counts what needs the reader; with [data-notices] the browser says when there is more of it
// while nobody looks at the page. It names no request.
(() => {
  "use strict";
  const needed = document.getElementById("count-review");
  if (!needed) return;
  const noticed = document.querySelector("[data-notices]");
  let before = number(noticed);

  function number(one) {
    return parseInt(one?.textContent, 10) || 0;
  }

  function count() {
    const title = document.title.replace(/^\(\d+\+?\) /, "");
    document.title = number(needed) ? `(${needed.textContent.trim()}) ${title}` : title;
  }

  function say() {
    const now = number(noticed);
    if (now > before && document.hidden && Notification.permission === "granted") {
      const words = `${now} request${now === 1 ? "" : "s"} ${noticed.dataset.notices}need${now === 1 ? "s" : ""} you`;
      const notice = new Notification("Countersign", { body: words, tag: "countersign" });
      notice.onclick = () => window.focus();
    }
    before = now;
  }

  count();
  const follow = { childList: true, characterData: true, subtree: true };
  new MutationObserver(count).observe(needed, follow);
  if (noticed) new MutationObserver(say).observe(noticed, follow);
  document.addEventListener("htmx:afterSettle", count);
  document.querySelector("[data-notices-form]")?.addEventListener("submit", () => Notification.requestPermission());
})();
