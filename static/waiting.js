// Asks for the state of this page's order every few seconds and reloads when it has changed.
(() => {
  "use strict";

  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const POLL_MS = 5_000;
  const LONGEST_MS = 60_000;
  const line = document.querySelector("[data-poll]");
  if (!line) return;
  let wait = POLL_MS;

  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" }, cache: "no-store" });
      const isJson = (answer.headers.get("Content-Type") || "").startsWith("application/json");
      // A page where trouble was: it is over.
      const { state } = !answer.ok ? {} : isJson ? await answer.json() : { state: "page" };
      if (state && state !== line.dataset.poll) {
        line.textContent = spoken("Updating…");
        location.reload();
        return;
      }
      wait = answer.ok ? POLL_MS : Math.min(wait * 2, LONGEST_MS);
    } catch {
      wait = Math.min(wait * 2, LONGEST_MS); // offline: the next look may work
    }
    setTimeout(look, wait);
  };

  setTimeout(look, wait);
})();
