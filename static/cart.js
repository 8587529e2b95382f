// Sends a changed quantity, then shows the cart anew; the button for that is for browsers without JavaScript. What is
// pressed meanwhile is never lost: "Check out" takes the quantities along, links and other buttons wait for the answer.
// Who uses a keyboard goes on where they were.
(() => {
  "use strict";

  const NO_CLICK_MS = 500; // so long after a touch no click comes of it
  const PAUSE_MS = 600; // so long after an arrow key no other one comes
  const FOCUS = "cart-focus";
  const form = document.querySelector("[data-cart]");
  if (!form) return;
  const update = form.querySelector(".cart-update button");
  const pay = form.querySelector(".button-main");
  let isPressed = false; // from the touch, which leaves the field, to its click
  // Since the quantities were last sent: also before this ran, or kept by the browser over a reload.
  let isChanged = [...form.querySelectorAll(".quantity")].some((field) => field.value !== field.defaultValue);
  let isSending = false;
  let hasFailed = false;
  let isOld = false; // what the page shows
  let held = null; // a link or button that was pressed meanwhile
  let noClick = 0;
  let pause = 0;
  let isTyping = false; // a digit is no arrow key: its quantity is whole with its change

  update.parentElement.hidden = true; // in browsers whose styles cannot ask for scripts

  const send = async () => {
    isChanged = false;
    isSending = isOld = true;
    const quantities = new URLSearchParams(new FormData(form));
    const answer = await fetch(update.formAction, { method: "POST", body: quantities, redirect: "manual" }).catch(() => null);
    isSending = false;
    hasFailed = answer?.type !== "opaqueredirect";
    if (hasFailed) form.requestSubmit(update); // the browser says why
    else goOn();
  };

  const goOn = () => {
    if (isSending || isPressed || pause || isTyping) return;
    const target = held;
    if (isChanged) send();
    else if (target) {
      held = null;
      target.click();
    } else if (isOld) {
      keepFocus();
      location.replace(location.pathname);
    }
  };

  // A browser that stores nothing begins at the top.
  const keepFocus = () => {
    const { id, name, value, className } = document.activeElement;
    const href = document.activeElement.getAttribute("href");
    const focused = id ? { id } : name ? { name, value } : href ? { href } : { class: className };
    const selector = Object.entries(focused).map(([key, text]) => `[${key}="${CSS.escape(text)}"]`).join("");
    try {
      sessionStorage.setItem(FOCUS, selector);
    } catch {}
  };

  const giveFocus = () => {
    try {
      const selector = sessionStorage.getItem(FOCUS);
      sessionStorage.removeItem(FOCUS);
      if (selector && document.activeElement === document.body) document.querySelector(selector)?.focus();
    } catch {}
  };

  const forgetPause = () => {
    clearTimeout(pause);
    pause = 0;
    isTyping = false;
  };

  const endPause = () => {
    forgetPause();
    goOn();
  };

  const release = () => {
    isPressed = false;
    goOn();
  };

  form.addEventListener("input", (event) => {
    if (!event.target.matches(".quantity")) return;
    forgetPause();
    isTyping = event.target === document.activeElement;
    if (isOld && !isSending) window.stop(); // the page is about to be shown anew, without what is typed
  });

  form.addEventListener("change", (event) => {
    if (!event.target.matches(".quantity")) return;
    forgetPause();
    if (!isPressed && !event.target.reportValidity()) return;
    isChanged = true;
    if (event.target === document.activeElement) pause = setTimeout(endPause, PAUSE_MS);
    goOn();
  });

  form.addEventListener("focusout", () => (pause || isTyping) && endPause());

  form.addEventListener("submit", (event) => {
    if (event.submitter !== update || hasFailed) {
      isChanged = false; // they go along
      return;
    }
    event.preventDefault(); // Enter in a field
    if (document.activeElement.matches(".quantity")) {
      isChanged ||= !isSending;
      endPause();
    } else setTimeout(() => pay.click()); // a form sends nothing while it sends
  });

  document.addEventListener("pointerdown", () => {
    isPressed = true;
    clearTimeout(noClick);
  }, true);
  document.addEventListener("pointercancel", release);
  document.addEventListener("pointerup", () => (noClick = setTimeout(release, NO_CLICK_MS)));
  document.addEventListener("click", (event) => {
    clearTimeout(noClick);
    isPressed = false;
    const target = event.target.closest("a[href], button");
    const isAside = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey; // into another tab
    if (target === update) return;
    if (target) forgetPause();
    // It would stay here, beside the old total, for another field than a quantity.
    const stays = target === pay && form.matches(":invalid") && !form.querySelector(".quantity:invalid");
    if (!target || isAside) goOn();
    else if (isSending || (isChanged && target !== pay) || (stays && (isChanged || isOld))) {
      event.preventDefault();
      held = stays ? null : target;
      goOn();
    } else isOld = false; // it leads on
  });

  giveFocus();
})();
