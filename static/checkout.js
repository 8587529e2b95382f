// Mounts Stripe's embedded form; when Stripe.js does not come, shows the way to Stripe's own page instead.
(() => {
  "use strict";

  const TIMEOUT_MS = 10_000;
  const POLL_MS = 100;
  const place = document.querySelector("[data-checkout]");
  const skeleton = document.querySelector("[data-skeleton]");
  const fallback = document.querySelector("[data-fallback]");
  let settled = false;

  skeleton.hidden = false;
  fallback.hidden = true;

  const giveUp = () => {
    if (settled) return;
    settled = true;
    skeleton.hidden = true;
    place.hidden = true;
    fallback.hidden = false;
  };

  const mount = async () => {
    const stripe = window.Stripe(place.dataset.publishableKey);
    const create = stripe.createEmbeddedCheckoutPage ?? stripe.initEmbeddedCheckout;
    const form = await create.call(stripe, { fetchClientSecret: async () => place.dataset.clientSecret });
    if (settled) {
      form.destroy();
      return;
    }
    settled = true;
    form.mount("#checkout");
    skeleton.hidden = true;
  };

  // A load event may have fired before this script ran, so the global is what counts.
  let mounting = false;
  const start = () => {
    if (mounting || settled || typeof window.Stripe !== "function") return;
    mounting = true;
    clearInterval(waiting);
    mount().catch(giveUp);
  };
  const waiting = setInterval(start, POLL_MS);

  document.addEventListener("error", (event) => {
    if (event.target instanceof Element && event.target.matches("[data-stripe-js]")) giveUp();
  }, true); // errors of scripts do not bubble
  setTimeout(() => {
    clearInterval(waiting);
    giveUp();
  }, TIMEOUT_MS);
})();
