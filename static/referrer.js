// Hands on the name of the site that a visitor came from: in the links between the shop's open pages, behind a #, and
// in the form that buys. Nothing is stored in the browser, and the server hears of it from that form alone.
(() => {
  "use strict";

  const WORD = "from";
  const PAGES = /^(\/[a-z]{2})?\/($|products\/|pages\/)/;

  const address = (text) => {
    try {
      return new URL(text, location.href);
    } catch {
      return null;
    }
  };
  const before = address(document.referrer || "about:blank");
  const isInside = before?.origin === location.origin;
  const isSite = /^https?:$/.test(before?.protocol); // an app on a phone names itself, as android-app://
  const asked = new URLSearchParams(location.search);
  // A link that somebody copied with the name behind its # says nothing: it counts from page to page inside.
  const carried = isInside ? new URLSearchParams(location.hash.slice(1)).get(WORD) : isSite && before.hostname;
  const name = (asked.get("ref") || asked.get("utm_source") || carried || "").slice(0, 100);
  if (!name) return;

  const carry = (event) => {
    const link = event.target.closest?.("a[href]");
    const target = link && address(link.href);
    if (target?.origin !== location.origin || target.hash || !PAGES.test(target.pathname)) return;
    link.hash = new URLSearchParams({ [WORD]: name });
  };
  for (const kind of ["click", "auxclick", "contextmenu"]) document.addEventListener(kind, carry, true);

  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("form.buy") || target.elements.ref) return;
    target.append(Object.assign(document.createElement("input"), { type: "hidden", name: "ref", value: name }));
  });
})();
