// form[data-draft]: what is typed stays with this tab until it is sent, whatever happens to the page. [data-was]: it is
// marked where it differs from what it was; who types into an argument that may be left out means to give it.
// [data-wrong]: names one whose text does not fit.
(() => {
  "use strict";
  const name = (form) => `draft:${form.dataset.draft}`;
  const isWords = (field) => field.name && field.type !== "hidden" && field.type !== "submit";
  const value = (field) => /^(checkbox|radio)$/.test(field.type) ? field.checked : field.value;

  function mark(field) {
    field.closest(".fld").classList.toggle("ch", field.value !== field.dataset.was);
    const count = field.form.querySelectorAll(".fld.ch").length, words = field.form.querySelector("[data-differ]");
    if (words) words.textContent = count ? `${count} field${count > 1 ? "s differ" : " differs"}` : "";
  }

  document.addEventListener("input", ({ target }) => {
    const form = target.form;
    if (!form?.dataset.draft || !isWords(target)) return;
    const wrong = target.closest("[aria-invalid]");
    if (wrong) {
      document.getElementById(wrong.getAttribute("aria-describedby"))?.remove();
      wrong.ariaInvalid = null;
    }
    const given = form.elements.namedItem(`given:${target.name}`);
    if (given) given.checked = true;
    if ("was" in target.dataset) mark(target);
    const kept = JSON.parse(sessionStorage.getItem(name(form)) || "{}");
    for (const one of form.elements) {
      if (!isWords(one)) continue;
      const key = one.type === "radio" ? `${one.name}=${one.value}` : one.name;
      if (one === target || key in kept || one.type === "radio") kept[key] = value(one);
    }
    sessionStorage.setItem(name(form), JSON.stringify(kept));
  });

  function restore() {
    for (const form of document.querySelectorAll("form[data-draft]:not([data-restored])")) {
      form.dataset.restored = "";
      const kept = JSON.parse(sessionStorage.getItem(name(form)) || "{}");
      for (const one of form.elements) {
        const key = one.type === "radio" ? `${one.name}=${one.value}` : one.name;
        if (!isWords(one) || !(key in kept)) continue;
        if (typeof kept[key] === "boolean") one.checked = kept[key];
        else one.value = kept[key];
      }
      form.querySelectorAll("[data-was]").forEach(mark);
      const note = form.querySelector("[data-draft-note]");
      if (note) note.hidden = !Object.keys(kept).length;
    }
  }

  document.addEventListener("click", ({ target }) => {
    const form = target.closest("[data-forget]")?.closest("form[data-draft]");
    if (form) sessionStorage.removeItem(name(form));
  });
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const form = detail.requestConfig.elt;
    if (form.dataset.draft && detail.successful && !detail.xhr.getResponseHeader("HX-Redirect")) sessionStorage.removeItem(name(form));
  });
  document.addEventListener("htmx:afterSettle", restore);
  document.addEventListener("htmx:afterSettle", ({ target }) => {
    if (!target.matches(".valid")) return;
    const wrong = [...target.querySelectorAll("[data-wrong]")].map((one) => one.dataset.wrong);
    for (const one of target.closest("form").querySelectorAll("[data-was]")) one.ariaInvalid = wrong.includes(one.name) ? "true" : null;
  });
  restore();
})();
