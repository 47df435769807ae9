// [data-key="a"] ("shift+c", "mod+enter", "[", two with a space between): pressed by this key while focus is in the same
// [data-keys] region, panel or dialog, and never from a field, but for mod (Ctrl or Command), or mod+shift, with Enter. Moving works
// wherever nobody types: J and K over the [data-row]s, / to the search field, G and a letter to [data-go], any key to
// [data-anywhere]. <html data-keymap> has a person's own keys; data-bare-keys="off": they want none.
(() => {
  "use strict";
  const FIELDS = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";
  const PRESSED_BY_SPACE = "a, button, input, summary";
  const NAMES = { " ": "space", esc: "escape" };
  const GO_SECONDS = 1.5;
  const root = document.documentElement;
  const keymap = JSON.parse(root.dataset.keymap || "{}");
  const isOff = root.dataset.bareKeys === "off";
  let goUntil = 0;

  function name(event) {
    const key = NAMES[event.key.toLowerCase()] || event.key.toLowerCase();
    const isTyped = event.getModifierState("AltGraph");  // a third level of the layout, as [ is on many
    const mod = !isTyped && (event.ctrlKey || event.metaKey) ? "mod+" : "";
    return mod + (event.shiftKey && (mod || /^([a-z]|[a-z]{2,})$/.test(key)) ? "shift+" : "") + key;
  }

  // The key as pages declare it; a key that was given away means nothing any more.
  function meaning(pressed) {
    const renamed = Object.keys(keymap).find((key) => keymap[key] === pressed);
    return renamed || (pressed in keymap ? "" : pressed);
  }

  const usable = (one) => one && !one.disabled && one.getAttribute("aria-disabled") !== "true" && one.checkVisibility();
  const first = (scope, selector, fits = usable) => [...scope.querySelectorAll(selector)].find(fits);
  const declared = (scope, attribute, key, fits) => first(scope, `[${attribute}~="${CSS.escape(key)}"]`, fits);

  function neighbour(region, step) {
    const rows = [...region.querySelectorAll("[data-row]")].filter(usable);
    const isOpen = (row) => row.getAttribute("aria-current") === "true";
    const focused = rows.indexOf(document.activeElement.closest("[data-row]"));
    const at = rows.some(isOpen) ? rows.findIndex(isOpen) : focused;
    return rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  }

  function goes(key) {
    const isAwaited = performance.now() < goUntil;
    goUntil = key === "g" ? performance.now() + GO_SECONDS * 1000 : 0;
    return isAwaited && declared(document, "data-go", key);
  }

  // What a key moves to, changing nothing.
  function moved(key, region, target) {
    const isRow = target.closest("[data-row]");
    if (key === "j" || (isRow && key === "arrowdown")) return neighbour(region, 1);
    if (key === "k" || (isRow && key === "arrowup")) return neighbour(region, -1);
    if (key === "/") return first(region, "input[type=search]");
    return declared(document, "data-anywhere", key);
  }

  function found(event, key) {
    const target = event.target.checkVisibility() ? event.target : document.body;  // what has just been closed keeps the focus for a frame
    const panel = target.closest(":popover-open, dialog");
    const scope = panel || target.closest("[data-keys]");
    const isField = Boolean(target.closest(FIELDS));
    if (key === "mod+k") return declared(document, "data-anywhere", key);
    const toasts = document.getElementById("toasts");  // a toast offers to undo what was done in any region
    const sent = target.form || target.closest("form");  // only the form that has the focus is sent by a key
    const isSending = /^mod\+(shift\+)?enter$/.test(key);
    const fits = (one) => usable(one) && (!isSending || one.form === sent);
    const press = () => !event.repeat  // held down, a key decides once
      && (scope && declared(scope, "data-key", key, fits) || !panel && declared(toasts, "data-key", key));
    if (isField) return (isSending || key === "escape") && press();
    if (isOff && !key.startsWith("mod+")) return null;
    if (key === "space" && target.closest(PRESSED_BY_SPACE)) return null;
    if (panel) return press();
    const page = scope || document.getElementById("main") || document.body;
    return goes(key) || press() || moved(key, page, target);
  }

  document.addEventListener("keydown", (event) => {
    root.dataset.keyed = "";  // from now on it is shown what has the focus
    if (!event.key || event.isComposing || (event.altKey && !event.getModifierState("AltGraph"))) return;
    if (["Shift", "Control", "Meta"].includes(event.key)) return;
    const target = found(event, meaning(name(event)));
    if (!target) return;
    event.preventDefault();
    if (!target.dataset.anywhere) target.focus({ preventScroll: "key" in target.dataset });  // a dialog gives the focus back to what had it
    if (target.matches(FIELDS)) target.select?.();
    else if (target.dataset.row !== "focus" && !(event.key === "Escape" && event.target.matches(FIELDS))) target.click();  // out of a field first
  });

  // What is printed on the buttons is what has to be pressed.
  function print(scope) {
    for (const one of scope.querySelectorAll("kbd")) {
      one.dataset.printed ??= one.textContent.trim().toLowerCase().replace("⇧", "shift+");
      if (keymap[one.dataset.printed]) one.textContent = keymap[one.dataset.printed].toUpperCase();
    }
  }

  if (Object.keys(keymap).length) {
    print(document);
    document.addEventListener("htmx:load", ({ target }) => print(target));
  }
})();
