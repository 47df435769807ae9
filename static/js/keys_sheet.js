// The list of keys that work on this page, read from what declares them.
(() => {
  "use strict";
  const sheet = document.getElementById("keys-sheet");
  if (!sheet) return;
  const keymap = JSON.parse(document.documentElement.dataset.keymap || "{}");
  const MOD = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";
  const OR = " or ";
  const WORDS = { mod: MOD, shift: "Shift", enter: "Enter", space: "Space", escape: "Esc" };

  for (const one of document.querySelectorAll("[data-mod]")) one.textContent = `${MOD} ${one.dataset.mod}`;

  function words(one) {
    const copy = one.cloneNode(true);
    copy.querySelectorAll("kbd, .n").forEach((part) => part.remove());
    return one.dataset.keyWords || one.ariaLabel || copy.textContent.replace(/\s+/g, " ").trim();
  }

  function printed(key) {
    return (keymap[key] || key).split("+").map((part) => WORDS[part] || part.toUpperCase());
  }

  function line(keys, text) {
    const term = document.createElement("dt");
    for (const key of keys) term.append(key === OR ? key : Object.assign(document.createElement("kbd"), { textContent: key }));
    return [term, Object.assign(document.createElement("dd"), { textContent: text })];
  }

  function all(attribute, prefix = []) {
    const found = [...document.querySelectorAll(`[${attribute}]`)].filter((one) => one.checkVisibility() && !one.disabled);
    const named = new Map(found.flatMap((one) => one.getAttribute(attribute).split(" ").map((key) => [key, words(one)])));
    const keys = (same) => same.flatMap(([key], at) => [...(at ? [OR] : []), ...prefix, ...printed(key)]);
    return [...Map.groupBy(named, ([, text]) => text)].flatMap(([text, same]) => line(keys(same), text));
  }

  sheet.addEventListener("beforetoggle", ({ newState }) => {
    if (newState !== "open") return;
    const rows = document.querySelector("[data-row]") ? [...line(printed("j"), "Next"), ...line(printed("k"), "Previous"), ...line(["Enter"], "Open")] : [];
    const search = document.querySelector("main input[type=search]");
    const filter = search && !document.querySelector("[data-key='/']") ? line(printed("/"), search.ariaLabel || "Filter") : [];
    sheet.querySelector("[data-here]").replaceChildren(...rows, ...all("data-key"), ...filter);
    sheet.querySelector("[data-going]").replaceChildren(...all("data-go", printed("g")), ...all("data-anywhere"), ...line(["Esc"], "Close what is open"));
  });
})();
