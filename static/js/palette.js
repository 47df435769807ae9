// [data-palette]: a field over links fetched as one types; arrows choose, Enter follows; what is [data-grave] is not chosen by itself.
(() => {
  "use strict";
  const palette = document.querySelector("[data-palette]");
  if (!palette) return;
  const field = palette.querySelector("input");
  const options = () => [...palette.querySelectorAll("[role=option]")];

  function choose(option) {
    for (const one of options()) one.setAttribute("aria-selected", String(one === option));
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  palette.addEventListener("toggle", ({ newState }) => {
    if (newState !== "open") return;
    field.value = "";
    htmx.trigger(field, "palette");
  });
  palette.addEventListener("htmx:afterSettle", () => choose(options().find((one) => !("grave" in one.dataset))));
  palette.addEventListener("keydown", (event) => {
    const all = options(), at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && all.length) choose(all[(at + step + all.length) % all.length]);
    else if (event.key === "Enter" && event.target === field) all[at]?.click();
    else return;
    event.preventDefault();
  });
})();
