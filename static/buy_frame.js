// In the frame on another site: goes on to the payment, mounts Stripe's form, shows what was bought, and tells the
// page around it no more than that it is here, should close, or that an order was placed and its number.
(() => {
  "use strict";

  const TIMEOUT_MS = 10_000;
  const POLL_MS = 100;
  const LOOK_MS = 5_000;
  const { site, link } = document.body.dataset;
  const find = (selector) => document.querySelector(selector);
  // Only the site that the owner named hears anything, and nothing it says is listened to.
  const tell = (type, more = {}) => {
    if (window.parent !== window && site) window.parent.postMessage({ type: `storefront:${type}`, ...more }, site);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) tell("close");
  });

  const runCopyButtons = (address) => {
    const script = document.createElement("script");
    script.src = address;
    document.body.append(script);
  };

  const showLanded = () => {
    const landed = find("[data-landed]");
    if (!landed) return;
    if (landed.dataset.order) tell("completed", { order: landed.dataset.order });
    runCopyButtons(landed.dataset.copyScript);
    const form = find("[data-paid]");
    if (!form) return;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      askAgain();
    });
    if (landed.dataset.landed !== "open") lookLater();
  };

  const say = (words) => {
    const line = find("[data-looking]");
    line.className = "notice";
    line.textContent = line.dataset[words];
  };

  let looking = 0;
  const lookLater = (next = askQuietly) => {
    clearTimeout(looking); // one at a time, however often "Check again" was pressed
    looking = setTimeout(next, LOOK_MS);
  };

  // In this document, so that the site's back button leads out of the checkout and not into what was paid.
  const ask = async () => {
    const form = find("[data-paid]");
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "omit" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || !page.querySelector("[data-landed]")) throw new Error("no answer");
    return page;
  };

  const replaceWith = (page) => {
    find("main").replaceChildren(...document.importNode(page.querySelector("main"), true).childNodes);
    document.title = page.title;
    find("[data-new-tab]").hidden = false;
    showLanded();
  };

  const askAgain = async () => {
    clearTimeout(looking);
    try {
      replaceWith(await ask());
      const heading = find("main h1");
      heading.tabIndex = -1;
      heading.focus();
    } catch {
      say("fails");
      lookLater(askAgain); // offline, or a minute's wait: it is paid, and the next look may work
    }
  };

  const askQuietly = async () => {
    try {
      const before = find("[data-landed]").dataset.landed;
      const page = await ask();
      if (page.querySelector("[data-landed]").dataset.landed !== before) {
        replaceWith(page);
        return;
      }
    } catch {
      // The next look may work.
    }
    lookLater();
  };

  const mountForm = (place) => {
    let settled = false;
    const settle = () => {
      settled = true;
      find("[data-skeleton]").hidden = true;
    };
    const giveUp = () => {
      if (settled) return;
      settle();
      find("[data-fallback]").hidden = false;
    };
    document.addEventListener("error", (event) => {
      if (event.target instanceof Element && event.target.matches("[data-stripe-js]")) giveUp();
    }, true); // errors of scripts do not bubble
    const mount = async () => {
      const stripe = window.Stripe(place.dataset.publishableKey);
      const create = stripe.createEmbeddedCheckoutPage ?? stripe.initEmbeddedCheckout;
      const form = await create.call(stripe, {
        fetchClientSecret: async () => place.dataset.clientSecret,
        onComplete: () => {
          form.destroy();
          say("checks");
          find("[data-new-tab]").hidden = true; // it begins another checkout of what is paid
          askAgain();
        },
      });
      if (settled) return form.destroy();
      settle();
      form.mount("#checkout");
    };
    const waiting = setInterval(() => {
      if (typeof window.Stripe !== "function") return;
      clearInterval(waiting);
      mount().catch(giveUp);
    }, POLL_MS);
    setTimeout(() => {
      clearInterval(waiting);
      giveUp();
    }, TIMEOUT_MS);
  };

  tell("ready");
  const place = find("#checkout");
  const start = find("[data-goes-on]");
  if (find("[data-leaves]")) tell("leave", { link });
  else if (start) {
    find("[data-status]").textContent = find("[data-status]").dataset.status;
    start.submit(); // before the page has loaded it takes the page's place in the history
  } else if (place) mountForm(place);
  showLanded();
})();
