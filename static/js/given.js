// Who types into an argument that may be left out means to give it.
(() => {
  "use strict";
  document.addEventListener("input", ({ target }) => {
    const box = target.name?.startsWith("arg:") && target.form?.elements.namedItem(`given:${target.name}`);
    if (box) box.checked = true;
  });
})();
