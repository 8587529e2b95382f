// The Checkout form: reads the Session, checks the fields, pays, asks for 3-D Secure, and leaves when it may.
import { askBank } from "./challenge.js";
import { onAmount, settleAmount, showCustomAmount } from "./custom_amount.js";
import { fieldOfParam, findFieldProblems, readFields, showFields } from "./custom_fields.js";
import { CHECKS, COUNTRIES_WITH_POSTAL_CODE, FIELD_OF_PARAM, FIELDS_OF, methodBody } from "./fields.js";
import { ApiError, call, callPage, isEmbedded, leave, money, reveal, say, sessionId, tell, wait } from "./page.js";
import { savedChoice, showForChoice, showSaved, wantsToSave } from "./saved.js";
import { showCustomText, showOptional, showOrder } from "./summary.js";
import { startTyping } from "./typing.js";

const POLL_MS = 250;
const LONGEST_POLL_MS = 5000;
const NO_ANSWER = "The network did not answer. Nothing is lost: try again.";
const find = (selector) => document.querySelector(selector);
const byTest = (name) => find(`[data-testid="${name}"]`);
const input = (name) => find(`[name="${name}"]`);
const form = find("[data-form]");
const submit = byTest("submit");
let page = null;
let isBusy = false;

const read = (name) => input(name).value.trim();
const type = () => find('[name="paymentMethodType"]:checked')?.value ?? "card";

// States of the whole page ------------------------------------------------------------------------------------

const notice = (text, { retry = false } = {}) => {
  find("[data-notice]").hidden = false;
  find("[data-notice-text]").textContent = say(text);
  find("[data-retry]").hidden = !retry;
  find("[data-content]").hidden = true;
};

const setBusy = (busy) => {
  isBusy = busy;
  submit.disabled = busy;
  form.setAttribute("aria-busy", String(busy));
  find(".order").inert = busy; // what is being paid stays as it is
  submit.textContent = busy ? say("Processing…") : submit.dataset.label;
};

const complain = (name, text) => {
  const place = document.getElementById(`${name}-error`);
  place.textContent = say(text);
  place.hidden = !text;
  input(name).toggleAttribute("aria-invalid", false);
  if (text) input(name).setAttribute("aria-invalid", "true");
};

const alertBuyer = (text) => {
  const place = byTest("payment-error");
  place.textContent = say(text);
  place.hidden = !text;
  if (text) reveal(place);
};

const buttonLabel = () => {
  const due = page.line_item_group.due;
  if (due === 0) return say("Place order");
  const verb = { book: "Book", donate: "Donate" }[page.submit_type] ?? "Pay";
  return `${say(verb)} ${money(due, page.currency)}`;
};

const isTaxed = () => Boolean(page.tax_context?.automatic_tax_enabled);

// Where the buyer is, as far as it is typed; the country alone is enough where no postal code is asked for.
const taxRegion = () => {
  const country = input("billingCountry").value;
  const hasPostalCode = COUNTRIES_WITH_POSTAL_CODE.has(country);
  return { "tax_region[country]": country, "tax_region[postal_code]": hasPostalCode ? read("billingPostalCode") : "" };
};

const typedTaxId = () => ({
  "tax_id_collection[tax_id][type]": read("taxIdType"),
  "tax_id_collection[tax_id][value]": read("taxId"),
});

const showType = () => {
  const isFree = page.line_item_group.due === 0;
  for (const part of document.querySelectorAll("[data-type]")) part.hidden = part.dataset.type !== type();
  for (const line of document.querySelectorAll("[data-for]")) line.hidden = line.dataset.for !== type();
  find("[data-payment]").hidden = isFree;
  find(".help").hidden = isFree;
  const isSaved = showForChoice(page, type() === "card");
  find("[data-address]").hidden = (type() !== "card" || isSaved) && !isTaxed();
  find("[data-mandate]").hidden = page.payment_methods.find((method) => method.type === type())?.course !== "debit";
  const hasPostalCode = COUNTRIES_WITH_POSTAL_CODE.has(input("billingCountry").value);
  find('[data-field="billingPostalCode"]').hidden = !hasPostalCode;
};

const show = (found) => {
  // Once only: what the buyer has cleared stays empty.
  if (!page && found.prefilled_email) input("email").value ||= found.prefilled_email;
  page = found;
  showOrder(page, changeQuantity);
  showOptional(page, takeOptional);
  showFields(page);
  showCustomAmount(page);
  showSaved(page, removeSaved);
  const fixed = page.customer_email;
  find('[data-field="email"]').hidden = Boolean(fixed);
  find("[data-fixed-email]").hidden = !fixed;
  find("[data-fixed-email]").textContent = fixed ?? "";
  const offered = page.payment_method_types.filter((name) => name in FIELDS_OF);
  for (const radio of document.querySelectorAll('[name="paymentMethodType"]')) {
    radio.closest("label").hidden = !offered.includes(radio.value);
  }
  if (!offered.includes(find('[name="paymentMethodType"]:checked')?.value)) find(`[name="paymentMethodType"][value="${offered[0]}"]`).checked = true;
  find("[data-types]").hidden = offered.length < 2;
  find("[data-tax-id]").hidden = !page.tax_id_collection_enabled;
  find("[data-promotions]").hidden = !page.asks_for_promotions;
  find("[data-terms]").hidden = !page.terms_of_service_required;
  const custom = page.custom_text?.submit?.message;
  find("[data-custom-text]").hidden = !custom;
  showCustomText(find("[data-custom-text]"), custom ?? "");
  const terms = page.custom_text?.terms_of_service_acceptance?.message;
  if (terms) showCustomText(find("[data-terms-text]"), terms);
  submit.dataset.label = buttonLabel();
  setBusy(isBusy);
  showType();
  find("[data-notice]").hidden = true;
  find("[data-content]").hidden = false;
};

// Changes of the order ----------------------------------------------------------------------------------------

const isOver = (error) => error.code === "checkout_not_active_session";

const update = async (fields, onRefusal) => {
  try {
    show(await callPage("POST", "", fields));
    alertBuyer("");
    return true;
  } catch (error) {
    if (isOver(error)) await open();
    else onRefusal(error instanceof ApiError ? error.message : NO_ANSWER);
    return false;
  }
};

const changeQuantity = async (id, quantity) => {
  const isTaken = await update({ "line_items[0][id]": id, "line_items[0][quantity]": String(quantity) }, alertBuyer);
  if (isTaken) tell("analytics", { eventType: "lineItemChange" });
};

const takeOptional = (price, quantity) =>
  update({ "optional_items[0][price]": price, "optional_items[0][quantity]": String(quantity) }, alertBuyer);

const removeSaved = (id) => update({ detach_payment_method: id }, alertBuyer);

// At once: most of those who may be written to have left without paying.
const keepConsent = () => {
  if (!page?.asks_for_promotions || CHECKS.email(page.customer_email ?? read("email"))) return;
  const fields = { "consent[promotions]": input("promotions").checked ? "opt_in" : "opt_out" };
  if (!page.customer_email) fields.buyer_email = read("email");
  callPage("POST", "", fields).catch(() => {}); // the next change, or the payment, says it again
};
input("promotions").addEventListener("change", keepConsent);
input("email").addEventListener("change", keepConsent);

onAmount(() => settleAmount(page, update, complain));

byTest("promotion-apply").addEventListener("click", async () => {
  const code = read("promotionCode");
  complain("promotionCode", code ? "" : "Type a code first.");
  if (!code) return;
  const isTaken = await update({ promotion_code: code }, (text) => complain("promotionCode", text));
  if (!isTaken) return;
  byTest("promotion-remove").focus();
  tell("analytics", { eventType: "promotionCodeApplied" });
});
input("promotionCode").addEventListener("keydown", (event) => {
  if (event.key === "Enter") byTest("promotion-apply").click();
});
byTest("promotion-remove").addEventListener("click", async () => {
  input("promotionCode").value = "";
  if (await update({ promotion_code: "" }, alertBuyer)) input("promotionCode").focus();
});

// Paying ------------------------------------------------------------------------------------------------------

const wantedFields = () => {
  const names = page.customer_email ? [] : ["email"];
  if (page.line_item_group.due === 0) return names;
  const isSaved = type() === "card" && savedChoice();
  const hasAddress = (type() === "card" && !isSaved) || isTaxed();
  const hasPostalCode = hasAddress && COUNTRIES_WITH_POSTAL_CODE.has(read("billingCountry"));
  return [...names, ...(isSaved ? [] : FIELDS_OF[type()]), ...(hasPostalCode ? ["billingPostalCode"] : [])];
};

const findProblems = () => {
  const problems = wantedFields().filter((name) => {
    const text = CHECKS[name](read(name));
    complain(name, text);
    return text;
  });
  problems.push(...findFieldProblems(page, complain));
  if (page.terms_of_service_required) {
    const isAccepted = input("terms").checked;
    complain("terms", isAccepted ? "" : "Please accept the terms of service.");
    if (!isAccepted) problems.push("terms");
  }
  return problems;
};

const billing = () => {
  const fields = { email: page.customer_email ?? read("email"), name: read("billingName") };
  const isSaved = type() === "card" && savedChoice();
  if ((type() !== "card" || isSaved) && !isTaxed()) return fields;
  const hasPostalCode = COUNTRIES_WITH_POSTAL_CODE.has(read("billingCountry"));
  return { ...fields, country: read("billingCountry"), postal_code: hasPostalCode ? read("billingPostalCode") : "" };
};

const makePaymentMethod = async () => {
  const who = billing();
  const fields = { type: type(), ...methodBody(type(), read) };
  fields["billing_details[name]"] = who.name;
  fields["billing_details[email]"] = who.email;
  if (who.country) fields["billing_details[address][country]"] = who.country;
  if (who.postal_code) fields["billing_details[address][postal_code]"] = who.postal_code;
  return (await call("POST", "/v1/payment_methods", fields)).id;
};

const confirm = async () => {
  const due = page.line_item_group.due;
  const fields = { expected_amount: String(due), ...(due === 0 ? { email: page.customer_email ?? read("email") } : billing()) };
  Object.assign(fields, readFields(page));
  if (page.terms_of_service_required && input("terms").checked) fields["consent[terms_of_service]"] = "accepted";
  if (due > 0) fields.payment_method = (type() === "card" && savedChoice()) || (await makePaymentMethod());
  if (due > 0 && page.offers_to_save && wantsToSave()) fields.save_payment_method = "true";
  if (page.tax_id_collection_enabled && read("taxId")) {
    fields["tax_id[type]"] = read("taxIdType");
    fields["tax_id[value]"] = read("taxId");
  }
  return callPage("POST", "/confirm", fields);
};

// The order is placed: from here nobody is asked to pay again, whatever the network does.
const pollPatiently = async () => {
  for (let pause = POLL_MS; ; pause = Math.min(pause * 2, LONGEST_POLL_MS)) {
    try {
      return await callPage("GET", "/poll");
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) throw error;
      notice("Thank you, your order is placed. The network does not answer at the moment; this page keeps asking.");
      await wait(pause);
    }
  }
};

const finish = async () => {
  find("[data-cancel]")?.remove();
  for (;;) {
    const state = await pollPatiently();
    if (state.redirect_ready && state.redirect_url) {
      notice("Thank you. Taking you back to the shop.");
      leave(state.redirect_url);
      return;
    }
    if (state.redirect_ready) {
      notice(state.payment_status === "unpaid" ? "Thank you. Your bank will answer in a few days." : "Payment succeeded. Thank you.");
      tell("complete");
      return;
    }
    await wait(POLL_MS);
  }
};

const pay = async () => {
  tell("analytics", { eventType: "checkoutSubmitted" });
  let found = await confirm();
  const action = found.payment_intent?.next_action?.type;
  if (action === "redirect_to_url") {
    notice("Taking you to the page of this payment method.");
    leave(found.payment_intent.next_action.redirect_to_url.url);
    return;
  }
  if (action === "use_stripe_sdk") {
    const result = await askBank(submit);
    found = await callPage("POST", "/authenticate", { payment_intent: found.payment_intent.id, result });
  }
  await finish();
};

const explain = async (error) => {
  const field = FIELD_OF_PARAM[error.param] ?? fieldOfParam(error.param);
  if (isOver(error)) {
    await open(); // paid or expired in another window, or paid by the try whose answer was lost
    return;
  }
  if (field) {
    complain(field, error.message);
    input(field).focus();
    return;
  }
  if (error.code === "checkout_amount_mismatch") await update(isTaxed() ? taxRegion() : {}, alertBuyer);
  alertBuyer(error instanceof ApiError ? error.message : NO_ANSWER);
  submit.focus({ preventScroll: true }); // being disabled took the focus from it
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isBusy) return;
  alertBuyer("");
  if (!(await settleAmount(page, update, complain))) {
    input("customAmount").focus();
    return;
  }
  const [first] = findProblems();
  if (first) {
    input(first).focus();
    return;
  }
  setBusy(true);
  try {
    await pay();
  } catch (error) {
    tell("analytics", { eventType: "checkoutSubmitFailed", details: { failureReason: "api_error" } });
    setBusy(false);
    await explain(error);
  }
});

// Tax follows from the address and the tax id: the total changes before anybody presses the button.
const refreshTax = async (name) => {
  if (["taxId", "taxIdType"].includes(name)) {
    const isTaken = await update(typedTaxId(), (text) => complain("taxId", text));
    if (isTaken) complain("taxId", "");
    return;
  }
  if (isTaxed()) await update(taxRegion(), alertBuyer);
};
form.addEventListener("change", (event) => {
  if (["billingCountry", "billingPostalCode", "taxId", "taxIdType"].includes(event.target.name)) refreshTax(event.target.name);
});

form.addEventListener("change", (event) => {
  if (!["paymentMethodType", "billingCountry", "savedMethod"].includes(event.target.name)) return;
  alertBuyer("");
  showType();
});
startTyping(type, complain);

// Opening -----------------------------------------------------------------------------------------------------

const open = async () => {
  notice("The payment form is loading.");
  if (!sessionId) {
    notice("This Checkout Session does not exist.");
    return;
  }
  try {
    if (isEmbedded) {
      const secret = decodeURIComponent(window.location.hash.slice(1));
      await call("POST", `/embedded/${sessionId}/open`, { client_secret: secret });
    }
    const found = await callPage("POST", "/init");
    if (found.status === "expired") notice("This checkout has expired. Go back to the shop to start again.");
    else if (found.status === "complete") await finish();
    else {
      show(found);
      if (isTaxed() && !found.tax_region) await update(taxRegion(), alertBuyer);
      if (found.last_payment_error) alertBuyer(found.last_payment_error.message); // back from another page
      tell("analytics", { eventType: "checkoutRendered" });
    }
    tell("ready");
  } catch (error) {
    const isAnswer = error instanceof ApiError && error.status < 500;
    notice(isAnswer ? error.message : "The network did not answer.", { retry: !isAnswer });
    tell("error", { message: error.message });
  }
};

find("[data-retry]").addEventListener("click", open);
open();
