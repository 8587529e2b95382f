// Search as you type: the same page is asked for what was typed, and its list put in place of this one.
(() => {
  "use strict";

  const form = document.querySelector("[data-shelf-tools]");
  const shelf = document.querySelector("[data-shelf]");
  if (!form || !shelf || !window.DOMParser) return;
  form.querySelector("[data-shelf-button]").hidden = true;
  const words = form.elements.q;
  const said = form.querySelector("[data-shelf-said]"); // stays in the page, so that it is read aloud
  let timer = 0;
  let asked = null; // the newest question: an older answer that comes late is dropped

  const address = () => {
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    return query.size ? `${form.action}?${query}` : form.action;
  };

  const show = async () => {
    clearTimeout(timer);
    const url = address();
    asked?.abort();
    const mine = (asked = new AbortController());
    shelf.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { signal: mine.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      shelf.replaceChildren(...page.querySelector("[data-shelf]").childNodes);
      said.textContent = shelf.querySelector("[data-shelf-count]")?.textContent ?? "";
      history.replaceState(null, "", url);
    } catch (error) {
      if (error.name === "AbortError") return;
      location.assign(url); // the browser says what is wrong, or shows it
    }
    if (asked === mine) shelf.removeAttribute("aria-busy");
  };

  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 250);
  });
  form.elements.sort.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show();
  });
})();
