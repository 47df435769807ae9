// [data-mention]: puts this @name into the text of its form, where it is being written.
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-mention]"), field = button?.form.elements.text;
  if (!field) return;
  field.setRangeText(`@${button.dataset.mention} `, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
