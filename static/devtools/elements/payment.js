// The payment element: one of the methods that the session offers, its fields, and the method made from them.
import { FIELD_OF_PARAM } from "../fields.js";
import { call } from "./api.js";
import { onAsked, onTold } from "./channel.js";
import { isFilled, isWhole, judge, make } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";
import { cardWords } from "../saved.js";
import { bodyOf, fieldsFor, showPostalCode, textOf } from "./methods.js";

const main = document.querySelector("[data-main]");
let options = {};
let session = null;
let offered = "";
let asked = "";
let type = null;
let fields = [];
let isCollapsed = false;
let saved = null; // the id of a saved card, "" for another one; null before there was a choice
let wantsToSave = false;

const hides = (name) => {
  const details = options.fields?.billingDetails;
  return details === "never" || details?.[name] === "never";
};

const isFree = () => session.page.line_item_group.due === 0;
const find = (name) => fields.find((entry) => entry.name === name);
const read = (name) => find(name)?.read() ?? "";

const methodNamed = (name) => session.page.payment_methods.find((method) => method.type === name);

const savedCards = () => (type === "card" && options.savedPaymentMethod?.enableRedisplay !== "never" ? session.page.saved_payment_methods : []);
const chosenSaved = () => savedCards().find((card) => card.id === (saved ?? savedCards()[0].id)) ?? null;
const mayOffer = () => session.page.offers_to_save && options.savedPaymentMethod?.enableSave !== "never" && !chosenSaved();

// What was typed stays, unless other fields are asked for.
const makeFields = () => {
  const known = { hasAddressElement: session.hasAddressElement, hides };
  const nowAsked = JSON.stringify([methodNamed(type), known.hasAddressElement, options.fields]);
  if (nowAsked === asked) return;
  asked = nowAsked;
  fields = fieldsFor(methodNamed(type), known);
  const address = session.page.elements_session.billing_address?.address;
  for (const [name, value] of [["billingCountry", address?.country ?? "US"], ["billingPostalCode", address?.postal_code]]) {
    if (value && find(name)) find(name).control.value = value;
  }
  showPostalCode(fields);
};

const changeData = () => ({
  empty: !chosenSaved() && !isFilled(fields),
  complete: !isCollapsed && (Boolean(chosenSaved()) || isWhole(fields)),
  collapsed: isCollapsed,
  value: { type },
});

const report = ({ isByBuyer = true } = {}) => {
  const change = changeData();
  const isInvalid = Boolean(main.querySelector("[aria-invalid]"));
  const state = { isComplete: isFree() || change.complete, isEmpty: change.empty, isInvalid, value: change.value };
  tellState(state, isByBuyer ? change : null);
};

const tab = (name) => {
  const label = make("label", { className: "Tab" });
  const radio = make("input", { type: "radio", name: "paymentMethodType", value: name, checked: name === type });
  label.classList.toggle("Tab--selected", radio.checked);
  radio.addEventListener("change", () => choose(name));
  label.append(radio, make("span", { className: "TabLabel", text: methodNamed(name).label }));
  return label;
};

const savedLine = (value, text) => {
  const label = make("label", { className: "Saved" });
  const radio = make("input", { type: "radio", name: "savedMethod", value, checked: value === (chosenSaved()?.id ?? "") });
  radio.addEventListener("change", () => {
    saved = value;
    render();
    main.querySelector(`[name="savedMethod"][value="${value}"]`)?.focus();
    report();
  });
  label.append(radio, ` ${text}`);
  return label;
};

const savedBox = () => {
  const box = make("fieldset", { className: "savedCards" });
  box.append(make("legend", { text: "Saved cards" }), ...savedCards().map((card) => savedLine(card.id, cardWords(card))), savedLine("", "Another card"));
  return box;
};

const saveBox = () => {
  const label = make("label", { className: "Saved" });
  const box = make("input", { type: "checkbox", name: "saveMethod", checked: wantsToSave });
  box.addEventListener("change", () => (wantsToSave = box.checked));
  label.append(box, " Save my payment information for faster checkout.");
  return label;
};

const typesOffered = () => {
  const types = session.page.payment_methods.map((method) => method.type);
  const order = (options.paymentMethodOrder ?? []).filter((name) => types.includes(name));
  return [...order, ...types.filter((name) => !order.includes(name))];
};

const render = () => {
  const types = typesOffered();
  const parts = [make("p", { className: "mark", text: "SANDBOX: no real payment is made here." })];
  if (types.length > 1) {
    const box = make("fieldset", { className: "tabs" });
    box.append(make("legend", { className: "hidden-text", text: "Payment method" }), ...types.map(tab));
    parts.push(box);
  }
  const block = make("div", { className: "fields" });
  block.hidden = isCollapsed;
  if (savedCards().length) block.append(savedBox());
  if (!chosenSaved()) block.append(...fields.map((entry) => entry.node));
  if (mayOffer()) block.append(saveBox());
  const text = textOf(methodNamed(type).course, session.page.elements_session.business_name);
  if (text && !Object.values(options.terms ?? {}).includes("never")) {
    block.append(make("p", { className: "TermsText", text }));
  }
  main.replaceChildren(...(isFree() ? [parts[0], make("p", { text: "Nothing is due: no payment method is needed." })] : [...parts, block]));
};

const choose = (name) => {
  type = name;
  isCollapsed = false;
  makeFields();
  render();
  main.querySelector(`[name="paymentMethodType"][value="${name}"]`)?.focus();
  report();
};

const show = (told) => {
  session = told;
  const types = typesOffered();
  const shape = JSON.stringify([types, isFree(), told.hasAddressElement, told.page.saved_payment_methods]);
  if (shape !== offered) {
    offered = shape;
    if (!types.includes(type)) type = types[0];
    isCollapsed = types.length > 1 && Boolean(options.layout?.defaultCollapsed);
    makeFields();
    render();
  }
  report({ isByBuyer: false });
  tellReady();
};

const readShown = (name) => (find(name)?.node.hidden ? "" : read(name));

const billingDetails = ({ billing, email, phone }) => {
  const known = billing?.address ?? {};
  const typed = {
    country: readShown("billingCountry"),
    line1: read("billingLine1"),
    city: read("billingCity"),
    postal_code: readShown("billingPostalCode") || read("billingZip"),
  };
  const isTyped = !session.hasAddressElement && Object.values(typed).some(Boolean);
  const address = isTyped ? { ...known, ...typed } : known;
  return {
    name: read("billingName") || billing?.name || null,
    email: email || null,
    phone: read("konbiniPhone") || phone || null,
    address: Object.fromEntries(Object.entries(address).filter(([, value]) => value)),
  };
};

main.addEventListener("input", () => report());
main.addEventListener("change", () => {
  showPostalCode(fields);
  report();
});
onAsked("validate", ({ isFirst }) => {
  if (isFree()) return {};
  const message = isCollapsed ? "Please choose a payment method." : chosenSaved() ? "" : judge(fields, { focuses: isFirst });
  report();
  return { message };
});
onAsked("createMethod", async ({ key, ...known }) => {
  if (chosenSaved()) return { id: chosenSaved().id, name: chosenSaved().name, course: methodNamed(type).course };
  const details = billingDetails(known);
  const answer = await call("POST", "/v1/payment_methods", {
    key,
    type,
    ...bodyOf(type, read),
    billing_details: details,
  });
  if (!answer.error) return { id: answer.body.id, saves: mayOffer() && wantsToSave, name: details.name, course: methodNamed(type).course };
  find(FIELD_OF_PARAM[answer.error.param])?.complain(answer.error.message);
  report();
  return { error: answer.error };
});
onTold("clear", () => {
  asked = "";
  makeFields();
  render();
  report();
});
onTold("collapse", () => {
  isCollapsed = true;
  render();
  report();
});

startFrame({
  show,
  options: (given) => {
    options = given;
    offered = "";
    if (session) show(session);
  },
});
