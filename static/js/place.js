// [data-place] says which of the [data-row]s is open and of how many; [data-step] goes to the one before or behind it.
// [data-pick] selects the open one, [data-pick=group] all like it under its heading, [data-pick=1] and [data-pick=-1] the open one
// and its neighbour, which opens; [data-picked] is the link that takes the selected ones along.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = (all) => all.findIndex((row) => row.getAttribute("aria-current") === "true");
  const picked = new Set(), MOST = 50;

  function place() {
    const all = rows(), at = current(all), left = all.filter((row) => !row.ariaDisabled), more = document.querySelector(".more") ? "+" : "";
    for (const one of document.querySelectorAll("[data-place]")) one.textContent = at < 0 ? "" : all[at].ariaDisabled ? `${left.length}${more} left` : `${left.indexOf(all[at]) + 1} of ${left.length}${more}`;
    for (const one of document.querySelectorAll("[data-step]")) one.disabled = at < 0 || !all[at + Number(one.dataset.step)];
    for (const row of all) row.toggleAttribute("data-is-picked", picked.has(row.id));
    const link = document.querySelector("[data-picked]");
    if (!link) return;
    const there = all.filter((row) => picked.has(row.id)).slice(0, MOST).map((row) => `item=${row.id.replace("request-", "")}`);
    link.hidden = !there.length;
    link.href = `${link.dataset.picked}?${there.join("&")}`;
    link.textContent = `Decide ${there.length} together`;
  }

  function pick(how, all, at) {
    const other = all[all.indexOf(at) + Number(how)];
    if (how === "group") {
      const group = [...at.closest("ul").querySelectorAll("[data-row]")].filter((row) => at.dataset.like && row.dataset.like === at.dataset.like), isWhole = group.every((row) => picked.has(row.id));
      for (const row of group) isWhole ? picked.delete(row.id) : picked.add(row.id);
    } else if (!how) picked.delete(at.id) || picked.add(at.id);
    else if (other) {
      for (const row of [at, other]) picked.add(row.id);
      other.click();
    }
  }

  document.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]"), how = event.target.closest("[data-pick]"), all = rows(), at = all[current(all)];
    if (step) all[current(all) + Number(step.dataset.step)]?.click();
    else if (how && at) pick(how.dataset.pick, all, at);
    place();
  });
  for (const kind of ["htmx:afterSettle", "htmx:afterRequest"]) {
    document.addEventListener(kind, () => requestAnimationFrame(() => setTimeout(place)));  // once rows.js has said which is open
  }
  place();
})();
