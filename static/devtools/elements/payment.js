// The payment element: one of the methods that the session offers, its fields, and the method made from them.
import { COUNTRIES_WITH_POSTAL_CODE, FIELD_OF_PARAM, FIELDS_OF, methodBody } from "../fields.js";
import { call } from "./api.js";
import { onAsked, onTold } from "./channel.js";
import { COUNTRIES } from "./countries.js";
import { choiceField, isFilled, isWhole, judge, make, textField } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";
import { labelOf, mandateOf } from "./methods.js";

const main = document.querySelector("[data-main]");
let options = {};
let session = null;
let offered = "";
let type = null;
let fields = [];
let isCollapsed = false;

const hides = (name) => {
  const details = options.fields?.billingDetails;
  return details === "never" || details?.[name] === "never";
};

const isFree = () => session.page.line_item_group.due === 0;
const find = (name) => fields.find((entry) => entry.name === name);
const read = (name) => find(name)?.read() ?? "";

const fieldNames = () => {
  const names = (FIELDS_OF[type] ?? ["billingName"]).filter((name) => name !== "billingName");
  const wantsName = type !== "card" && !session.hasAddressElement && !hides("name");
  return wantsName ? [...names, "billingName"] : names;
};

const makeFields = () => {
  fields = fieldNames().map((name) => textField(name));
  if (type !== "card" || session.hasAddressElement || hides("address")) return;
  const known = session.page.elements_session.billing_address?.address;
  const country = choiceField("billingCountry", "Country", COUNTRIES, { autocomplete: "country" });
  const code = textField("billingPostalCode");
  country.control.value = known?.country ?? "US";
  code.control.value = known?.postal_code ?? "";
  const showCode = () => (code.node.hidden = !COUNTRIES_WITH_POSTAL_CODE.has(country.read()));
  country.control.addEventListener("change", showCode);
  showCode();
  fields.push(country, code);
};

const changeData = () => ({
  empty: !isFilled(fields),
  complete: !isCollapsed && isWhole(fields),
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
  label.append(radio, make("span", { className: "TabLabel", text: labelOf(name) }));
  return label;
};

const typesOffered = () => {
  const types = session.page.payment_method_types;
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
  block.append(...fields.map((entry) => entry.node));
  const mandate = mandateOf(type, session.page.elements_session.business_name);
  if (mandate && !Object.values(options.terms ?? {}).includes("never")) {
    block.append(make("p", { className: "TermsText", text: mandate }));
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
  const shape = JSON.stringify([types, isFree(), told.hasAddressElement]);
  if (shape !== offered) {
    offered = shape; // what was typed stays where nothing of this has changed
    if (!types.includes(type)) type = types[0];
    isCollapsed = types.length > 1 && Boolean(options.layout?.defaultCollapsed);
    makeFields();
    render();
  }
  report({ isByBuyer: false });
  tellReady();
};

const billingDetails = ({ billing, email, phone }) => {
  const known = billing?.address ?? {};
  const typed = { country: read("billingCountry"), postal_code: find("billingPostalCode")?.node.hidden ? "" : read("billingPostalCode") };
  const address = session.hasAddressElement || !typed.country ? known : { ...known, ...typed };
  return {
    name: read("billingName") || billing?.name || null,
    email: email || null,
    phone: phone || null,
    address: Object.fromEntries(Object.entries(address).filter(([, value]) => value)),
  };
};

main.addEventListener("input", () => report());
main.addEventListener("change", () => report());
onAsked("validate", ({ isFirst }) => {
  if (isFree()) return {};
  const message = isCollapsed ? "Please choose a payment method." : judge(fields, { focuses: isFirst });
  report();
  return { message };
});
onAsked("createMethod", async ({ key, ...known }) => {
  const details = billingDetails(known);
  const answer = await call("POST", "/v1/payment_methods", {
    key,
    type,
    ...methodBody(type, read),
    billing_details: details,
  });
  if (!answer.error) return { id: answer.body.id, name: details.name };
  find(FIELD_OF_PARAM[answer.error.param])?.complain(answer.error.message);
  report();
  return { error: answer.error };
});
onTold("clear", () => {
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
