// Fields of a frame: a label above, the error beside, and what a keyboard and a screen reader need.
import { CHECKS, formatCardNumber, formatExpiry, formatIban } from "../fields.js";

const FORMATS = { cardNumber: formatCardNumber, cardExpiry: formatExpiry, iban: formatIban };
const FIELDS = {
  accountNumber: { label: "Account number", inputmode: "numeric", placeholder: "000123456789" },
  billingName: { label: "Full name", autocomplete: "name", placeholder: "First and last name" },
  billingPostalCode: { label: "Postal code", autocomplete: "postal-code", placeholder: "90210" },
  businessName: { label: "Business name (optional)", autocomplete: "organization" },
  cardCvc: { label: "Security code", autocomplete: "cc-csc", inputmode: "numeric", placeholder: "CVC" },
  cardExpiry: { label: "Expiration date", autocomplete: "cc-exp", inputmode: "numeric", placeholder: "MM / YY" },
  cardNumber: { label: "Card number", autocomplete: "cc-number", inputmode: "numeric", placeholder: "1234 1234 1234 1234" },
  city: { label: "City", autocomplete: "address-level2" },
  email: { label: "Email", type: "email", autocomplete: "email", inputmode: "email", placeholder: "you@example.com" },
  iban: { label: "IBAN", placeholder: "DE00 0000 0000 0000 0000 00" },
  line1: { label: "Address line 1", autocomplete: "address-line1" },
  line2: { label: "Address line 2 (optional)", autocomplete: "address-line2" },
  phone: { label: "Phone number", type: "tel", autocomplete: "tel", inputmode: "tel" },
  routingNumber: { label: "Routing number", inputmode: "numeric", placeholder: "110000000" },
  state: { label: "State", autocomplete: "address-level1" },
  taxId: { label: "Tax ID" },
};

export const make = (name, { text = "", ...properties } = {}) => {
  const node = document.createElement(name);
  node.textContent = text;
  return Object.assign(node, properties);
};

const HALVES = ["billingCountry", "billingPostalCode", "cardCvc", "cardExpiry", "city", "state", "postal_code"];

const frameOf = (name, label, control) => {
  const node = make("div", { className: HALVES.includes(name) ? "field half" : "field" });
  const error = make("p", { className: "Error", id: `${name}-error`, hidden: true });
  error.dataset.testid = `${name}-error`;
  control.id = name;
  control.name = name;
  control.setAttribute("aria-describedby", error.id);
  node.append(make("label", { className: "Label", htmlFor: name, text: label }), control, error);
  return { node, error };
};

const field = (name, control, { node, error }, check) => {
  const complain = (text) => {
    error.textContent = text;
    error.hidden = !text;
    control.classList.toggle("Input--invalid", Boolean(text));
    if (text) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  };
  const read = () => control.value.trim();
  const problem = () => (node.hidden ? "" : check(read()));
  control.addEventListener("input", () => {
    if (control.hasAttribute("aria-invalid") && !problem()) complain("");
  });
  return { name, node, control, read, complain, problem };
};

// `check` says what is wrong with a value, or "".
export const textField = (name, { check = CHECKS[name] ?? (() => ""), ...more } = {}) => {
  const { label, type = "text", autocomplete = "off", inputmode = "text", placeholder = "" } = {
    label: name,
    ...FIELDS[name],
    ...more,
  };
  const control = make("input", { className: "Input", type, autocomplete, placeholder, spellcheck: false });
  control.inputMode = inputmode;
  const format = FORMATS[name];
  control.addEventListener("input", (event) => {
    const isAtEnd = control.selectionStart === control.value.length;
    if (format && (isAtEnd || event.inputType === "insertFromPaste")) control.value = format(control.value);
  });
  return field(name, control, frameOf(name, label, control), check);
};

// `choices` are pairs of value and text.
export const choiceField = (name, label, choices, { autocomplete = "off", check = () => "" } = {}) => {
  const control = make("select", { className: "Input", autocomplete });
  control.append(...choices.map(([value, text]) => make("option", { value, text })));
  return field(name, control, frameOf(name, label, control), check);
};

// Shows what is wrong with each field; returns the first sentence, or "".
export const judge = (fields, { focuses = true } = {}) => {
  const wrong = fields.filter((entry) => {
    const text = entry.problem();
    entry.complain(text);
    return text;
  });
  if (wrong.length && focuses) wrong[0].control.focus();
  return wrong.length ? wrong[0].problem() : "";
};

export const isFilled = (fields) => fields.some((entry) => !entry.node.hidden && entry.control.tagName === "INPUT" && entry.read());
export const isWhole = (fields) => fields.every((entry) => !entry.problem());
