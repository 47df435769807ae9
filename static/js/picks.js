// [data-picks]: a list of checkboxes. [data-pick-all] checks them all, Shift extends, and what was chosen stays chosen
// when the list is fetched again. [data-pick-count] says how many there are, and
// [data-pick-sum] what their [data-value]s under that [data-label] come to.
(() => {
  "use strict";
  let last, kept = new Set();

  const boxes = () => [...document.querySelectorAll("[data-picks] input[name]")];

  function sum(chosen, label) {
    const cells = document.querySelectorAll(`[data-picks] [data-value][data-label="${CSS.escape(label)}"]`);
    const digits = Math.min(6, Math.max(...[...cells].map(({ dataset }) => dataset.value.split(".")[1]?.length || 0)));
    const parts = [...cells].filter((cell) => chosen.some((box) => cell.parentNode.contains(box)));
    const total = parts.reduce((all, { dataset }) => all + Number(dataset.value), 0);
    return total.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  function show() {
    const chosen = boxes().filter((box) => box.checked);
    for (const one of document.querySelectorAll("[data-pick-count]")) one.textContent = chosen.length;
    for (const one of document.querySelectorAll("[data-pick-sum]")) one.textContent = (one.dataset.as || "0").replace(/[\d.]+/, sum(chosen, one.dataset.pickSum));
    for (const one of document.querySelectorAll("[data-pick-all]")) {
      one.checked = chosen.length > 0 && chosen.length === boxes().length;
      one.indeterminate = chosen.length > 0 && !one.checked;
    }
  }

  document.addEventListener("click", ({ target, shiftKey }) => {
    const all = boxes();
    if (target.matches("[data-pick-all]")) for (const box of all) box.checked = target.checked;
    else if (!all.includes(target)) return;
    else if (shiftKey && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(target)].sort((a, b) => a - b);
      for (const box of all.slice(from, to + 1)) box.checked = target.checked;
    }
    last = target;
    show();
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const isSent = detail.requestConfig?.verb === "post";
    kept = new Set(isSent ? [] : boxes().filter((box) => box.checked).map((box) => box.value));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const box of boxes()) if (kept.has(box.value)) box.checked = true;
    show();
  });
  show();
})();
