// The shop's own form to pay: its fields and words are ours, card and bank details are Stripe's. What it shows of
// money is read from the newest Session, which Stripe computes.
(() => {
  "use strict";

  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const place = document.querySelector("[data-checkout]");
  const form = document.querySelector("[data-pay]");
  const submit = form.querySelector("[data-submit]");
  const declined = form.querySelector("[data-declined]");
  const status = document.querySelector("[data-status]");
  const codeForm = document.querySelector("[data-code-form]");
  const { email, accept } = form.elements;
  const code = codeForm.elements.promotion_code;
  const returnUrl = new URL(place.dataset.returnUrl, location.href).href;
  const emailHint = email.nextElementSibling.textContent;
  const NEXT = {
    card: spoken("Nothing was charged. Check the card's number, date and code, and pay again."),
    bank: spoken("Nothing was charged. Try again and confirm with your bank, or pay another way."),
    other: spoken("Nothing was charged. Try another card or another way to pay."),
  };
  const LEAVE_MS = 8_000;
  const TYPED_WRONG = /^(incorrect|invalid|expired|missing)_/;

  let sdk = null;
  let actions = null;
  let look = async () => {};
  let isReady = false;
  let isBusy = false;
  let changes = 0; // of quantities and codes, whose total is not here yet
  let isOver = false;
  let shownTotal = "";

  // What a screen reader hears ------------------------------------------------------------------------------------

  const say = (words) => {
    status.textContent = words;
  };

  const hint = (field, words, { usual = "" } = {}) => {
    const line = document.querySelector(`[data-hint-for="${field.id}"]`);
    line.textContent = words || usual;
    line.classList.toggle("hint-bad", Boolean(words) || !usual);
    line.hidden = !words && !usual;
    if (words) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };

  // An answer may come late. Whoever went on meanwhile may be typing a card's number, which must not land in a field
  // of ours: the focus moves only after Pay or a button of a code, and only while it is where it was then.
  const never = () => false;
  const watchFocus = () => {
    const before = document.activeElement;
    // The body or main has it where what had it is gone, or nothing was pressed.
    return () => document.activeElement === before || document.activeElement.matches("body, main");
  };

  const refuse = (field, words, mayFocus) => {
    hint(field, words);
    const moves = mayFocus();
    say(moves ? "" : words); // the hint of the field that has the focus is read with it
    if (moves) field.focus();
    return false;
  };

  const tell = (words, mayFocus = never) => {
    declined.textContent = words;
    declined.hidden = !words;
    if (words && mayFocus()) declined.focus();
  };

  // What the Session says -----------------------------------------------------------------------------------------

  const showButton = (session) => {
    const { amount, minorUnitsAmount } = session.total.total;
    const words = minorUnitsAmount === 0 ? spoken("Get it free") : spoken("Pay {amount}").replace("{amount}", () => amount);
    submit.textContent = isOver ? spoken("Thank you. One moment…") : isBusy || changes ? spoken("One moment…") : words;
    submit.disabled = isBusy || changes > 0 || !isReady;
    form.setAttribute("aria-busy", String(isBusy));
    return amount;
  };

  const show = (session) => {
    const isOwnCode = "hasOwnCode" in place.dataset;
    window.shopSummary.show(session, { changeQuantity, removeCode: isOwnCode ? null : removeCode });
    form.querySelector("[data-needs-payment]").hidden = session.total.total.minorUnitsAmount === 0;
    const hasCode = (session.discountAmounts ?? []).some((discount) => discount.promotionCode);
    codeForm.hidden = hasCode || isOwnCode;
    const total = showButton(session);
    if (shownTotal && shownTotal !== total) say(spoken("The total is now {total}.").replace("{total}", () => total));
    shownTotal = total;
    offerCurrencies(session);
    if (session.status.type !== "open" && !isBusy) look();
  };

  const offerCurrencies = (session) => {
    const box = form.querySelector("[data-currency]");
    if (!box.hidden || !session.currencyOptions?.length) return;
    box.hidden = false;
    sdk.createCurrencySelectorElement().mount("#currency-selector");
  };

  const setBusy = (busy) => {
    isBusy = busy;
    showButton(actions.getSession());
  };

  // What the buyer does -------------------------------------------------------------------------------------------

  const saveEmail = async (mayFocus = never) => {
    const address = email.value.trim();
    if (!address) return refuse(email, spoken("Write your email: your receipt goes there."), mayFocus);
    const answer = address === actions.getSession().email ? { type: "success" } : await actions.updateEmail(address);
    // Of a text that is not there any more nothing is said: what is there now is asked about at its change, or by Pay.
    if (email.value.trim() !== address) return mayFocus === never ? false : saveEmail(mayFocus);
    if (answer.type === "success") {
      hint(email, "", { usual: emailHint });
      return true;
    }
    const isTyped = ["incompleteEmail", "invalidEmail"].includes(answer.error.code);
    const words = isTyped ? spoken("Write a whole email address, like ada@example.com.") : answer.error.message;
    return refuse(email, words, mayFocus);
  };

  const saveAcceptance = async (mayFocus) => {
    if (!accept) return true;
    if (!accept.checked) return refuse(accept, spoken("Tick this box to go on."), mayFocus);
    hint(accept, "");
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    try {
      const answer = await fetch(place.dataset.acceptUrl, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.ok) return true;
    } catch {
      // Said below, as any answer that is none.
    }
    return refuse(accept, spoken("That you agree could not be saved. Nothing was charged: try again in a moment."), mayFocus);
  };

  // What is wrong stands beside the field in Stripe's frame, which has the focus.
  const checkFields = async () => {
    const checked = await actions.validateElements();
    if (checked.error?.code !== "validation_error") return true;
    say(checked.error.message);
    return false;
  };

  const explain = (error) => {
    if (error.code !== "paymentFailed") {
      look(); // paid or expired in another tab: the page leads on
      return error.message;
    }
    const decline = error.paymentFailed?.declineCode ?? "";
    const isAuthentication = /authenticat/.test(`${decline} ${error.message}`);
    return `${error.message} ${isAuthentication ? NEXT.bank : TYPED_WRONG.test(decline) ? NEXT.card : NEXT.other}`;
  };

  const pay = async (more = {}) => {
    if (isBusy || isOver || !isReady) return;
    if (changes) {
      more.expressCheckoutConfirmEvent?.paymentFailed({ reason: "fail" });
      return;
    }
    const mayFocus = watchFocus();
    setBusy(true);
    tell("");
    let words = "";
    try {
      if (!more.expressCheckoutConfirmEvent && !(await saveEmail(mayFocus))) return;
      if (!(await saveAcceptance(mayFocus))) {
        more.expressCheckoutConfirmEvent?.paymentFailed({ reason: "fail", message: spoken("Tick the box first.") });
        return;
      }
      if (!more.expressCheckoutConfirmEvent && !(await checkFields())) return;
      const answer = await actions.confirm({ returnUrl, ...more });
      isOver = answer.type === "success";
      if (isOver) setTimeout(() => location.assign(returnUrl), LEAVE_MS); // Stripe.js goes there by itself
      else words = explain(answer.error);
    } catch {
      words = spoken("The payment could not be sent. Check your connection, then pay again: nothing is paid twice.");
    } finally {
      setBusy(isOver);
      tell(words, mayFocus);
    }
  };

  // Nobody pays a total that they have not seen: until it is here, neither the button nor a wallet pays.
  const changing = async (change) => {
    changes += 1;
    tell("");
    showButton(actions.getSession());
    try {
      return await change();
    } catch {
      return { type: "error", error: { message: spoken("That could not be changed. Check your connection and try again.") } };
    } finally {
      changes -= 1;
      show(actions.getSession());
    }
  };

  const applyCode = async () => {
    const typed = code.value.trim();
    const mayFocus = watchFocus();
    if (!typed) return refuse(code, spoken("Write your code first."), mayFocus);
    const answer = await changing(() => actions.applyPromotionCode(typed));
    if (code.value.trim() !== typed) return false;
    if (answer.type === "error") {
      return refuse(code, `${answer.error.message} ${spoken("Check how it is written, or go on without it.")}`, mayFocus);
    }
    hint(code, "");
    code.value = "";
    if (mayFocus()) document.querySelector("[data-totals] button")?.focus();
    return true;
  };

  const removeCode = async () => {
    const mayFocus = watchFocus();
    const answer = await changing(() => actions.removePromotionCode());
    if (answer.type === "error") return tell(answer.error.message, mayFocus);
    if (mayFocus()) code.focus();
  };

  const rangeOf = ({ min, max }) => spoken("Choose a whole number from {min} to {max}.").replace("{min}", min).replace("{max}", max);

  const changeQuantity = async (lineItem, field) => {
    const typed = field.value;
    hint(field, "");
    const answer = field.checkValidity()
      ? await changing(() => actions.updateLineItemQuantity({ lineItem, quantity: Number(typed) }))
      : { type: "error", error: { message: rangeOf(field) } };
    if (answer.type !== "error" || field.value !== typed && document.activeElement === field) return;
    field.value = actions.getSession().lineItems.find((item) => item.id === lineItem)?.quantity ?? typed;
    refuse(field, answer.error.message, never);
  };

  const offerWallets = () => {
    const wallets = sdk.createExpressCheckoutElement();
    wallets.on("ready", ({ availablePaymentMethods }) => {
      form.querySelector("[data-express]").toggleAttribute("data-empty", !availablePaymentMethods);
    });
    wallets.on("confirm", (event) => pay({ expressCheckoutConfirmEvent: event }));
    wallets.mount("#express-checkout");
  };

  const listen = () => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      pay();
    });
    codeForm.addEventListener("submit", (event) => {
      event.preventDefault();
      applyCode();
    });
    email.addEventListener("change", () => {
      if (email.value.trim()) saveEmail();
    });
    accept?.addEventListener("change", () => hint(accept, ""));
  };

  // Ready when the fields of Stripe are there; rejects where they do not come, or the Session is over.
  const prepare = async (stripe, page) => {
    look = page.look;
    sdk = stripe.initCheckoutElementsSdk({
      clientSecret: place.dataset.clientSecret,
      adaptivePricing: { allowed: true },
      elementsOptions: { appearance: window.shopLook.appearance() },
    });
    const loaded = await sdk.loadActions();
    if (loaded.type === "error") throw new Error(loaded.error.message);
    actions = loaded.actions;
    page.show();
    listen();
    if (!email.value) email.value = actions.getSession().email ?? "";
    const payment = sdk.createPaymentElement({ layout: "tabs" });
    const ready = new Promise((resolve, reject) => {
      payment.on("ready", resolve);
      payment.on("loaderror", ({ error }) => reject(new Error(error?.message)));
    });
    payment.mount("#payment-element");
    offerWallets();
    if ("tax" in place.dataset) {
      sdk.createBillingAddressElement().mount("#billing-address");
      sdk.createTaxIdElement({ visibility: "auto" }).mount("#tax-id");
    }
    sdk.on("change", show);
    window.shopLook.whenChanged((appearance) => sdk.changeAppearance(appearance));
    show(actions.getSession());
    if (email.value.trim()) saveEmail();
    await ready;
    isReady = true;
    show(actions.getSession());
  };

  const options = "tax" in place.dataset ? { betas: ["custom_checkout_tax_id_1"] } : undefined;
  window.shopForm = { prepare, options };
})();
