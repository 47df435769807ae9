// [data-place] says which of the [data-row]s is open and of how many; [data-step] goes to the one before or behind it.
// [data-pick] selects the open one; [data-picked] is the link that takes the selected ones along.
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = (all) => all.findIndex((row) => row.getAttribute("aria-current") === "true");
  const picked = new Set();

  function place() {
    const all = rows(), at = current(all), more = document.querySelector(".more") ? "+" : "";
    for (const one of document.querySelectorAll("[data-place]")) one.textContent = at < 0 ? "" : `${at + 1} of ${all.length}${more}`;
    for (const one of document.querySelectorAll("[data-step]")) one.disabled = at < 0 || !all[at + Number(one.dataset.step)];
    for (const row of all) row.toggleAttribute("data-is-picked", picked.has(row.id));
    const link = document.querySelector("[data-picked]");
    if (!link) return;
    const there = all.filter((row) => picked.has(row.id)).map((row) => `item=${row.id.replace("request-", "")}`);
    link.hidden = !there.length;
    link.href = `${link.dataset.picked}?${there.join("&")}`;
    link.textContent = `Decide ${there.length} together`;
  }

  document.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]"), all = rows(), at = all[current(all)];
    if (step) all[current(all) + Number(step.dataset.step)]?.click();
    else if (event.target.closest("[data-pick]") && at && !picked.delete(at.id)) picked.add(at.id);
    place();
  });
  document.addEventListener("htmx:afterSettle", place);
  place();
})();
