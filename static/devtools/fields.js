// What a field accepts, how it looks while typing, and the sentence beside it when it is wrong.

const digits = (text) => text.replace(/\D/g, "");

const isAmex = (number) => /^3[47]/.test(number);
export const formatCardNumber = (text) => {
  const number = digits(text);
  if (!isAmex(number)) return number.slice(0, 19).replace(/(.{4})(?=.)/g, "$1 ");
  return [number.slice(0, 4), number.slice(4, 10), number.slice(10, 15)].filter(Boolean).join(" "); // as printed on it
};
export const formatExpiry = (text) => {
  // Browsers fill in 12/2034 or 3/34 where 12/34 and 03/34 are meant.
  const found = digits(text.replace(/^(\d)\s*\//, "0$1").replace(/^(\d\d)(\D*)20(\d\d)$/, "$1$3")).slice(0, 4);
  return found.length > 2 ? `${found.slice(0, 2)} / ${found.slice(2)}` : found;
};
export const formatIban = (text) =>
  text.toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, 34).replace(/(.{4})(?=.)/g, "$1 ");

const passesLuhn = (number) => {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
};

// ISO 13616: the first four go to the end, letters count from 10, and what is left of it by 97 is 1.
const passesMod97 = (iban) => {
  const moved = (iban.slice(4) + iban.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(moved) % 97n === 1n;
};

// The weights of the American Bankers Association.
const passesRoutingCheck = (number) =>
  [...number].reduce((sum, digit, place) => sum + Number(digit) * [3, 7, 1][place % 3], 0) % 10 === 0;

const checkIban = (text) => {
  const iban = text.replace(/\s/g, "");
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$/.test(iban)) return "Your IBAN is incomplete.";
  return passesMod97(iban) ? "" : "Your IBAN is invalid.";
};

const checkRoutingNumber = (text) => {
  if (!/^\d{9}$/.test(text)) return "A routing number has nine digits.";
  return passesRoutingCheck(text) ? "" : "Your routing number is invalid.";
};

const checkExpiry = (text) => {
  const found = digits(formatExpiry(text));
  if (found.length < 4) return "Your card's expiration date is incomplete.";
  const month = Number(found.slice(0, 2));
  if (month < 1 || month > 12) return "Your card's expiration month is invalid.";
  const now = new Date();
  const ends = new Date(2000 + Number(found.slice(2)), month, 1);
  return ends <= now ? "Your card's expiration year is in the past." : "";
};

const checkCardNumber = (text) => {
  const number = digits(text);
  if (number.length < 13) return "Your card number is incomplete.";
  return passesLuhn(number) ? "" : "Your card number is invalid.";
};

// Name of the field -> value -> what is wrong, or "".
export const CHECKS = {
  email: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? "" : "Your email is incomplete."),
  cardNumber: checkCardNumber,
  cardExpiry: checkExpiry,
  cardCvc: (text) => (/^\d{3,4}$/.test(text) ? "" : "Your card's security code is incomplete."),
  iban: checkIban,
  routingNumber: checkRoutingNumber,
  accountNumber: (text) => (/^\d{4,17}$/.test(text) ? "" : "Your account number is incomplete."),
  sortCode: (text) => (digits(text).length === 6 ? "" : "Your sort code is incomplete."),
  bacsAccount: (text) => (digits(text).length === 8 ? "" : "Your account number is incomplete."),
  boletoTaxId: (text) => ([11, 14].includes(digits(text).length) ? "" : "Your tax ID is incomplete."),
  billingName: (text) => (text ? "" : "Your name is required."),
  billingPostalCode: (text) => (text ? "" : "Your postal code is required."),
};

// Where the postal code is part of checking a card.
export const COUNTRIES_WITH_POSTAL_CODE = new Set(["US", "GB", "CA"]);
export const FIELDS_OF = {
  card: ["cardNumber", "cardExpiry", "cardCvc", "billingName"],
  sepa_debit: ["iban", "billingName"],
  us_bank_account: ["routingNumber", "accountNumber", "billingName"],
  bacs_debit: ["sortCode", "bacsAccount", "billingName"],
  boleto: ["boletoTaxId", "billingName"],
  oxxo: ["billingName"],
  multibanco: [],
  konbini: ["billingName"],
  customer_balance: [],
  klarna: ["billingName"],
  eps: ["billingName"],
};

// Where Stripe names the parameter that is wrong -> the field it was typed in.
export const FIELD_OF_PARAM = {
  email: "email",
  "sepa_debit[iban]": "iban",
  "bacs_debit[account_number]": "bacsAccount",
  "boleto[tax_id]": "boletoTaxId",
  "us_bank_account[routing_number]": "routingNumber",
  "us_bank_account[account_number]": "accountNumber",
  custom_unit_amount: "customAmount",
  "tax_id[value]": "taxId",
  postal_code: "billingPostalCode",
  country: "billingCountry",
};

export const methodBody = (type, read) => {
  if (type === "card") {
    const expiry = digits(formatExpiry(read("cardExpiry")));
    return {
      "card[number]": digits(read("cardNumber")),
      "card[exp_month]": String(Number(expiry.slice(0, 2))),
      "card[exp_year]": `20${expiry.slice(2)}`,
      "card[cvc]": read("cardCvc"),
    };
  }
  if (type === "sepa_debit") return { "sepa_debit[iban]": read("iban").replace(/\s/g, "") };
  if (type === "boleto") return { "boleto[tax_id]": read("boletoTaxId") };
  if (type === "bacs_debit") {
    return { "bacs_debit[sort_code]": digits(read("sortCode")), "bacs_debit[account_number]": digits(read("bacsAccount")) };
  }
  if (type !== "us_bank_account") return {};
  return {
    "us_bank_account[routing_number]": read("routingNumber"),
    "us_bank_account[account_number]": read("accountNumber"),
    "us_bank_account[account_holder_type]": "individual",
  };
};
