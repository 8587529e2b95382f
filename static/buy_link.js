// A link to buy something goes on to its checkout by itself. Whoever comes back to the page by the back button stays,
// and a page that is only loaded ahead waits until it is looked at.
(() => {
  "use strict";

  const form = document.querySelector("[data-goes-on]");
  if (!form) return;
  const cameBack = () => performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const goOn = () => {
    if (cameBack()) return;
    const status = document.querySelector("[data-status]");
    status.textContent = status.dataset.status;
    form.submit(); // before the page has loaded it takes the page's place in the history
  };
  if (document.prerendering) document.addEventListener("prerenderingchange", goOn, { once: true });
  else goOn();
})();
