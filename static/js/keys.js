// [data-keys]: bare keys that work while focus is inside and not in a field. J and K go to the next and previous
// [data-row]; any other key presses the [data-key] button that prints it.
(() => {
  "use strict";
  const FIELDS = "input, select, textarea, [contenteditable]";

  function neighbour(region, step) {
    const rows = [...region.querySelectorAll("[data-row]")];
    const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    return rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  }

  document.addEventListener("keydown", (event) => {
    const region = event.target.closest?.("[data-keys]");
    if (!region || event.target.closest(FIELDS) || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const target = key === "j" ? neighbour(region, 1) : key === "k" ? neighbour(region, -1)
      : /^[a-z]$/.test(key) ? region.querySelector(`[data-key="${key}"]:not(:disabled)`) : null;
    if (!target) return;
    event.preventDefault();
    target.focus();
    target.click();
  });
})();
