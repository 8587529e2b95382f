// The billing address element: once it is complete, tax is counted for it.
import { COUNTRIES_WITH_POSTAL_CODE } from "../fields.js";
import { onAsked, onTold, tellEvent } from "./channel.js";
import { COUNTRIES } from "./countries.js";
import { choiceField, isFilled, isWhole, judge, make, textField } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";

const main = document.querySelector("[data-main]");
const needed = (text) => (value) => (value ? "" : text);
const WITH_STATE = new Set(["US", "CA", "AU"]);
const WITHOUT_POSTAL_CODE = new Set(["HK", "IE", "KW"]);
let options = {};
let fields = [];
let sent = "";
let isFilledIn = false;

const find = (name) => fields.find((entry) => entry.name === name);
const read = (name) => (find(name) && !find(name).node.hidden ? find(name).read() : "");

const checkPostalCode = (value) => {
  const isNeeded = COUNTRIES_WITH_POSTAL_CODE.has(find("country").read()) || !WITHOUT_POSTAL_CODE.has(find("country").read());
  return value || !isNeeded ? "" : "Your postal code is incomplete.";
};

const nameFields = () => {
  if (options.display?.name === "split") {
    return [
      textField("firstName", { label: "First name", autocomplete: "given-name", check: needed("Your first name is incomplete.") }),
      textField("lastName", { label: "Last name", autocomplete: "family-name", check: needed("Your last name is incomplete.") }),
    ];
  }
  const isOrganization = options.display?.name === "organization";
  const label = isOrganization ? "Organization" : "Full name";
  return [textField("name", { label, autocomplete: isOrganization ? "organization" : "name", check: needed(`${label} is incomplete.`) })];
};

const showParts = () => {
  const country = find("country").read();
  find("state").node.hidden = !WITH_STATE.has(country);
  find("postal_code").node.hidden = WITHOUT_POSTAL_CODE.has(country);
};

const build = () => {
  fields = [
    ...nameFields(),
    choiceField("country", "Country or region", COUNTRIES, { autocomplete: "country" }),
    textField("line1", { check: needed("Your address is incomplete.") }),
    textField("line2"),
    textField("city", { check: needed("Your city is incomplete.") }),
    textField("state", { check: needed("Your state is incomplete.") }),
    textField("postal_code", { label: "Postal code", autocomplete: "postal-code", check: checkPostalCode }),
  ];
  if (options.fields?.phone === "always") fields.push(textField("phone", { check: needed("Your phone number is incomplete.") }));
  find("country").control.value = "US";
  showParts();
  const block = make("div", { className: "fields" });
  block.append(...fields.map((entry) => entry.node));
  main.replaceChildren(block);
};

const fullName = () => read("name") || [read("firstName"), read("lastName")].filter(Boolean).join(" ");
const address = () => ({
  line1: read("line1"),
  line2: read("line2") || null,
  city: read("city"),
  country: read("country"),
  postal_code: read("postal_code"),
  state: read("state"),
});

const value = () => {
  const parts = find("firstName") ? { firstName: read("firstName"), lastName: read("lastName") } : {};
  return { name: fullName(), ...parts, address: address(), ...(find("phone") ? { phone: read("phone") } : {}) };
};

const unsent = () => {
  if (!isWhole(fields)) return null;
  const contact = JSON.stringify(value());
  if (contact === sent) return null;
  sent = contact;
  return { billing_address: { name: fullName(), address: address() }, ...(find("phone") ? { phone: read("phone") } : {}) };
};

const report = ({ isByBuyer = true } = {}) => {
  const change = { empty: !isFilled(fields), complete: isWhole(fields), isNewAddress: true, value: value() };
  const isInvalid = Boolean(main.querySelector("[aria-invalid]"));
  tellState({ isComplete: change.complete, isEmpty: change.empty, isInvalid, value: change.value }, isByBuyer ? change : null);
};

main.addEventListener("input", () => report());
main.addEventListener("change", (event) => {
  if (event.target.name === "country") showParts();
  report();
  const changes = unsent();
  if (changes) tellEvent("act", changes);
});
onAsked("validate", ({ isFirst }) => {
  const message = judge(fields, { focuses: isFirst });
  report();
  return { message };
});
onAsked("flush", () => ({ fields: unsent() }));
onAsked("value", () => ({ complete: isWhole(fields), isNewAddress: true, value: value() }));
onTold("clear", () => {
  build();
  report();
});

const fillIn = (contact) => {
  if (isFilledIn || !contact) return;
  isFilledIn = true; // once only: what the buyer has cleared stays empty
  if (isFilled(fields)) return;
  const [first, ...rest] = (contact.name ?? "").split(" ");
  const known = { ...contact.address, name: contact.name, firstName: first, lastName: rest.join(" ") };
  for (const entry of fields) if (known[entry.name]) entry.control.value = known[entry.name];
  showParts();
  sent = JSON.stringify(value());
};

startFrame({
  options: (given) => {
    options = given;
    build();
    isFilledIn = false;
  },
  show: ({ page }) => {
    fillIn(page.elements_session.billing_address);
    report({ isByBuyer: false });
    tellReady();
  },
});
