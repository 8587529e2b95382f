// Copy buttons: hidden until this script runs, since they need it.
(() => {
  "use strict";

  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const status = document.createElement("p");
  status.className = "hidden-text";
  status.setAttribute("role", "status");
  document.body.append(status);

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };

  const copy = async (text) => {
    // Without https there is no clipboard; the selected text can still be copied by hand.
    if (!navigator.clipboard) return false;
    try {
      await navigator.clipboard.writeText(text.textContent);
      return true;
    } catch {
      return false;
    }
  };

  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.firstChild;
    let timer = 0;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("[data-copy-text]");
      const done = await copy(text);
      if (!done) select(text);
      label.textContent = done ? spoken("Copied") : spoken("Selected");
      status.textContent = done ? spoken("Copied") : spoken("The text is selected: copy it with your keyboard.");
      button.classList.toggle("is-done", done);
      clearTimeout(timer);
      timer = setTimeout(() => {
        label.textContent = spoken("Copy");
        status.textContent = "";
        button.classList.remove("is-done");
      }, 2500);
    });
  }
})();
