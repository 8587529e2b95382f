// While someone types: numbers in groups, errors that go as soon as they are mended, test numbers on a click.
import { CHECKS, formatCardNumber, formatExpiry, formatIban } from "./fields.js";

const input = (name) => document.querySelector(`[name="${name}"]`);
const FORMATS = { cardNumber: formatCardNumber, cardExpiry: formatExpiry, iban: formatIban };
const FILLED = { card: "cardNumber", sepa_debit: "iban", us_bank_account: "accountNumber" };
const BESIDE = {
  card: { cardExpiry: () => `12 / ${String(new Date().getFullYear() + 4).slice(2)}`, cardCvc: () => "123", billingPostalCode: () => "90210" },
  sepa_debit: {},
  us_bank_account: { routingNumber: () => "110000000" },
};

const formatAsTyped = () => {
  for (const [name, format] of Object.entries(FORMATS)) {
    input(name).addEventListener("input", (event) => {
      const box = event.target;
      const isAtEnd = box.selectionStart === box.value.length;
      if (isAtEnd || event.inputType === "insertFromPaste") box.value = format(box.value);
    });
  }
};

// While typing, not on leaving the field: a line that vanishes under a finger moves the Pay button away from it.
const forgiveAsTyped = (complain) => {
  for (const name of Object.keys(CHECKS)) {
    input(name).addEventListener("input", () => {
      if (input(name).hasAttribute("aria-invalid") && !CHECKS[name](input(name).value.trim())) complain(name, "");
    });
  }
};

const put = (name, value) => {
  input(name).value = value;
  input(name).dispatchEvent(new Event("input", { bubbles: true }));
};

const fillOnClick = (type) => {
  for (const button of document.querySelectorAll("[data-fill]")) {
    button.addEventListener("click", () => {
      put(FILLED[type()], button.dataset.fill);
      const others = { ...BESIDE[type()], billingName: () => "Ada Reader" };
      for (const [name, value] of Object.entries(others)) {
        if (!input(name).value) put(name, value());
      }
    });
  }
};

export const startTyping = (type, complain) => {
  formatAsTyped();
  forgiveAsTyped(complain);
  fillOnClick(type);
};
