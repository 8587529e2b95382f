// Sends a changed quantity, then shows the cart anew; the button for that is for browsers without JavaScript. What is
// pressed meanwhile is never lost: "Check out" takes the quantities along, links and other buttons wait for the answer.
// Who uses a keyboard goes on where they were, and what is typed elsewhere, such as a code, is still there.
(() => {
  "use strict";

  const NO_CLICK_MS = 500; // so long after a touch no click comes of it
  const PAUSE_MS = 600; // so long after an arrow key no other one comes
  const FOCUS = "cart-focus";
  const TYPED = "cart-typed";
  const form = document.querySelector("[data-cart]");
  let place = null; // where the keyboard was on the page before
  let typed = []; // [id, text] of its fields that are no quantities
  try {
    place = sessionStorage.getItem(FOCUS);
    typed = JSON.parse(sessionStorage.getItem(TYPED) ?? "[]");
    sessionStorage.removeItem(FOCUS); // by an empty cart, too: a later one begins at the top
    sessionStorage.removeItem(TYPED);
  } catch {}
  if (!form) return;
  for (const [id, text] of typed) {
    const field = form.querySelector(`#${CSS.escape(id)}`);
    if (!field) continue;
    field.value = text;
    field.closest("details")?.setAttribute("open", "");
  }
  const update = form.querySelector(".cart-update button");
  const pay = form.querySelector(".button-main");
  let isPressed = false; // from the touch, which leaves the field, to its click
  // Since the quantities were last sent: also before this ran, or kept by the browser over a reload.
  let isChanged = [...form.querySelectorAll(".quantity")].some((field) => field.value !== field.defaultValue);
  let isSending = false;
  let hasFailed = false;
  let comesBack = false; // this page, shown anew
  let isOld = false; // what the page shows
  let held = null; // a link or button that was pressed meanwhile
  let noClick = 0;
  let pause = 0;
  let isTyping = false; // a digit is no arrow key: its quantity is whole with its change

  update.parentElement.hidden = true; // in browsers whose styles cannot ask for scripts

  // It outlives the page, and leaves the answer's notice to the page that comes next.
  const post = () => {
    isChanged = false;
    isOld = true;
    const quantities = new URLSearchParams(new FormData(form));
    const how = { method: "POST", redirect: "manual", keepalive: true };
    return fetch(update.formAction, { ...how, body: quantities }).catch(() => null);
  };

  const send = async () => {
    isSending = true;
    const answer = await post();
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
      comesBack = true;
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

  const keepTyped = () => {
    const fields = [...form.querySelectorAll("input[id]:not(.quantity, [type=hidden])")];
    const isOpen = (field) => field.value !== field.defaultValue || field === document.activeElement;
    try {
      sessionStorage.setItem(TYPED, JSON.stringify(fields.filter(isOpen).map(({ id, value }) => [id, value])));
    } catch {}
  };

  // On a page that is about to be shown anew, without the quantity that is typed by then.
  const stay = () => {
    comesBack = false;
    window.stop();
    try {
      sessionStorage.removeItem(FOCUS);
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
    if (isOld && !isSending) stay();
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

  // By the browser's own buttons; what of ours leads on has sent or taken along what was changed.
  window.addEventListener("pagehide", () => {
    if (comesBack) keepTyped(); // now, since more may have been typed until the answer came
    if (isChanged && (pause || isSending) && !isTyping) post();
  });

  // Of the buttons that belong to other forms one leads back here.
  document.addEventListener("submit", (event) => {
    if (event.target.id === "remove") comesBack = true;
  });

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

  if (place && document.activeElement === document.body) document.querySelector(place)?.focus();
})();
