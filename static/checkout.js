// Mounts Stripe's form, or readies our own around Stripe's fields (window.shopForm, where the page has it). When
// Stripe.js or its frames do not come, shows the way to Stripe's own page instead.
// A form that has expired, or was replaced in another tab, looks like a live one: the shop is asked, and leads on.
(() => {
  "use strict";

  const TIMEOUT_MS = 10_000;
  const POLL_MS = 100;
  const LOOK_MS = 60_000;
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

  const embedded = async (stripe) => {
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

  // It is ready when Stripe's frames are: until then the fields stand there, and the time goes on.
  const own = async (stripe) => {
    await window.shopForm.prepare(stripe, {
      look,
      show: () => {
        if (settled) return;
        place.hidden = false;
        skeleton.hidden = true;
      },
    });
    settled = true;
  };

  const mount = async () => {
    const stripe = window.Stripe(place.dataset.publishableKey, { locale: document.documentElement.lang, ...window.shopForm?.options });
    await (window.shopForm ? own : embedded)(stripe);
  };

  // A load event may have fired before this script ran, so the global is what counts.
  let mounting = false;
  const start = () => {
    if (mounting || settled || typeof window.Stripe !== "function") return;
    mounting = true;
    clearInterval(waiting);
    mount().catch(async () => {
      await look(); // it may be paid or over: then the page leads on
      giveUp();
    });
  };
  const waiting = setInterval(start, POLL_MS);

  document.addEventListener("error", (event) => {
    if (event.target instanceof Element && event.target.matches("[data-stripe-js]")) giveUp();
  }, true); // errors of scripts do not bubble
  setTimeout(() => {
    clearInterval(waiting);
    giveUp();
  }, TIMEOUT_MS);

  let looked = Date.now();
  const look = async () => {
    looked = Date.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) return;
      const { state, session } = await answer.json();
      if (state === "open" && place.dataset.clientSecret.startsWith(`${session}_secret_`)) return;
      location.reload();
    } catch {
      // Offline: the next look may work.
    }
  };
  const lookOften = () => {
    look();
    setTimeout(lookOften, LOOK_MS);
  };
  const secondsLeft = Number(place.dataset.secondsLeft);
  if (secondsLeft > 0) setTimeout(lookOften, (secondsLeft + 2) * 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && Date.now() - looked > LOOK_MS) look();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) look(); // back from the browser's history, as it was left
  });
})();
