// Sends the cart's form when a quantity was changed; the button is for browsers without JavaScript.
(() => {
  "use strict";

  const form = document.querySelector("[data-cart]");
  if (!form) return;
  form.querySelector(".cart-update").hidden = true; // in browsers whose styles cannot ask for scripts
  form.addEventListener("change", (event) => {
    if (event.target.matches(".quantity")) form.requestSubmit();
  });
})();
