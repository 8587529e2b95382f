// The tax id element: a business buys, with its number and its name; empty is fine.
import { onAsked, onTold, tellEvent } from "./channel.js";
import { choiceField, isFilled, judge, make, textField } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";

const main = document.querySelector("[data-main]");
const TYPES = [
  ["eu_vat", "EU VAT"],
  ["gb_vat", "GB VAT"],
  ["ch_vat", "CH VAT"],
  ["no_vat", "NO VAT"],
  ["au_abn", "AU ABN"],
  ["us_ein", "US EIN"],
];
const kind = choiceField("taxIdType", "Tax ID type", TYPES);
const number = textField("taxId", { label: "Tax ID (optional)" });
const business = textField("businessName", { autocomplete: "organization" });
const fields = [kind, number, business];
const block = make("div", { className: "fields" });
let options = {};
let sent = "";
let isShown = false;

block.append(kind.node, number.node, business.node);
main.append(block);

const value = () => ({
  businessName: business.read(),
  taxId: number.read(),
  taxIdType: kind.read(),
  externalTaxIdType: kind.read(),
});

const unsent = () => {
  const typed = JSON.stringify(value());
  if (block.hidden || typed === sent || (!isFilled(fields) && !sent)) return null;
  sent = typed;
  const taxId = number.read() ? { type: kind.read(), value: number.read() } : { value: "" };
  return { tax_id_collection: { tax_id: taxId }, business_name: business.read() };
};

const report = ({ isByBuyer = true } = {}) => {
  const isInvalid = number.control.hasAttribute("aria-invalid");
  const change = { empty: !isFilled(fields), complete: !isInvalid, visible: !block.hidden, value: value() };
  tellState({ isComplete: change.complete, isEmpty: change.empty, isInvalid, value: change.value }, isByBuyer ? change : null);
};

main.addEventListener("input", () => {
  number.complain(""); // the server judges it again
  report();
});
main.addEventListener("change", () => {
  const changes = unsent();
  if (changes) tellEvent("act", changes);
  report();
});
onTold("refused", ({ message }) => {
  number.complain(message);
  report();
});
onAsked("validate", () => ({ message: number.control.hasAttribute("aria-invalid") ? number.node.querySelector(".Error").textContent : judge([]) }));
onAsked("flush", () => ({ fields: unsent() }));
onTold("clear", () => {
  number.control.value = business.control.value = "";
  report();
});

startFrame({
  options: (given) => {
    options = given;
    business.node.hidden = options.fields?.businessName === "never";
  },
  show: ({ page }) => {
    block.hidden = options.visibility === "never" || !page.tax_id_collection_enabled;
    const { tax_id: known, tax_business_name: name } = page.elements_session;
    if (!isShown && known) {
      kind.control.value = known.type;
      number.control.value = known.value;
      business.control.value = name ?? "";
      sent = JSON.stringify(value());
    }
    isShown = true;
    report({ isByBuyer: false });
    tellReady();
  },
});
