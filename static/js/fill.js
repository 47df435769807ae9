// [data-fill]: puts its words into the field of that id; with data-agent it chooses the agent, too.
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const example = event.target.closest("[data-fill]");
    const field = example && document.getElementById(example.dataset.fill);
    if (!field) return;
    field.value = example.textContent;
    const agent = field.form.elements.namedItem("agent");
    if (agent && example.dataset.agent) agent.value = example.dataset.agent;
    field.focus();
  });
})();
