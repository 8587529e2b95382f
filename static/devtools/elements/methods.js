// What each method asks for and sends. The server says which are offered, with their names and fields.
import { COUNTRIES_WITH_POSTAL_CODE, methodBody } from "../fields.js";
import { COUNTRIES } from "./countries.js";
import { choiceField, textField } from "./form.js";

const digits = (text) => text.replace(/\D/g, "");
const needed = (text) => (value) => (value ? "" : text);
const ADDRESS = ["billingCountry", "billingPostalCode", "billingLine1", "billingCity", "billingZip"];

const MORE_FIELDS = {
  bacsAccount: {
    label: "Account number",
    inputmode: "numeric",
    placeholder: "00012345",
    check: (value) => (digits(value).length === 8 ? "" : "Your account number is incomplete."),
  },
  billingCity: { label: "City", autocomplete: "address-level2", check: needed("Your city is incomplete.") },
  billingLine1: { label: "Address", autocomplete: "address-line1", check: needed("Your address is incomplete.") },
  billingZip: { label: "Postal code", autocomplete: "postal-code", check: needed("Your postal code is incomplete.") },
  boletoTaxId: {
    label: "CPF or CNPJ",
    inputmode: "numeric",
    placeholder: "000.000.000-00",
    check: (value) => ([11, 14].includes(digits(value).length) ? "" : "Your tax ID is incomplete."),
  },
  konbiniPhone: {
    label: "Phone number (optional)",
    inputmode: "tel",
    autocomplete: "tel",
    check: (value) => (!value || /^\d{10,11}$/.test(digits(value)) ? "" : "Your phone number is incomplete."),
  },
  sortCode: {
    label: "Sort code",
    inputmode: "numeric",
    placeholder: "10-88-00",
    check: (value) => (digits(value).length === 6 ? "" : "Your sort code is incomplete."),
  },
};

// What the page knows otherwise is not asked for again: a card's name, and what an address element collects.
const isAsked = (name, type, { hasAddressElement, hides }) => {
  if (name === "billingName") return type !== "card" && !hasAddressElement && !hides("name");
  return !ADDRESS.includes(name) || (!hasAddressElement && !hides("address"));
};

export const fieldsFor = (method, known) =>
  method.fields
    .filter((name) => isAsked(name, method.type, known))
    .map((name) =>
      name === "billingCountry"
        ? choiceField(name, "Country", COUNTRIES, { autocomplete: "country" })
        : textField(name, MORE_FIELDS[name]),
    );

// A card's postal code is asked for in a few countries only.
export const showPostalCode = (fields) => {
  const [country, code] = ["billingCountry", "billingPostalCode"].map((name) => fields.find((entry) => entry.name === name));
  if (country && code) code.node.hidden = !COUNTRIES_WITH_POSTAL_CODE.has(country.read());
};

const OWN_BODY = {
  bacs_debit: (read) => ({
    "bacs_debit[sort_code]": digits(read("sortCode")),
    "bacs_debit[account_number]": digits(read("bacsAccount")),
  }),
  boleto: (read) => ({ "boleto[tax_id]": read("boletoTaxId") }),
};
const FROM_FIELDS = ["card", "sepa_debit", "us_bank_account"];

export const bodyOf = (type, read) => {
  if (OWN_BODY[type]) return OWN_BODY[type](read);
  return FROM_FIELDS.includes(type) ? methodBody(type, read) : {};
};

const TEXTS = {
  debit: (seller) =>
    `By confirming this payment you authorize ${seller} to debit your account for this amount. The bank answers in a few days.`,
  redirect: () => "You continue on the page of this payment method, and come back from there.",
  transfer: () => "After you confirm you see where to send the money.",
  voucher: () => "After you confirm you see the voucher to pay.",
};

export const textOf = (course, seller) => TEXTS[course]?.(seller) ?? "";
