// Asks before a form that is sent takes away what was typed into another form of the page.
(() => {
  "use strict";

  const WORDS = "You typed something else on this page that isn’t saved. Go on without it?";

  /** Unlike what the shop sent. */
  function isTyped(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.type === "file") return field.files.length > 0;
    if (field.options) return !(([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.selected ?? true);
    return "defaultValue" in field && field.value !== field.defaultValue;
  }

  /** A field that would be lost, of one form: typed, or shown again because it was refused. */
  const findTyped = (form) => [...form.elements].find(isTyped) ?? form.querySelector("[aria-invalid=true]:not([type=file]), .conflict input");

  // An editor keeps its text in the browser, files on their way have a warning of their own, and nobody saves a search or a code.
  const COUNTS = "[method=post]:not([data-editor], [data-upload-form], .sign-in)";

  // At the window, after the scripts that send a form themselves and leave the page as it is.
  addEventListener("submit", (event) => {
    const target = event.submitter?.formTarget || event.target.target;
    if (event.defaultPrevented || (target && target !== "_self") || event.target.matches("[data-stays]")) return;
    const others = [...document.forms].filter((form) => form !== event.target && form.matches(COUNTS));
    const lost = others.map(findTyped).find(Boolean);
    if (!lost || confirm(WORDS)) return;
    event.preventDefault();
    lost.closest("details")?.setAttribute("open", "");
    lost.focus();
  });
})();
