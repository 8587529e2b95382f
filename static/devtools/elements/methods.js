// What a method is called, and what a buyer agrees to with it; a method without a row still has its name.
const LABELS = {
  card: "Card",
  sepa_debit: "SEPA Debit",
  us_bank_account: "US bank account",
};
const DEBITS = ["sepa_debit", "us_bank_account", "bacs_debit"];

const spoken = (type) => {
  const text = type.replaceAll("_", " ");
  return text[0].toUpperCase() + text.slice(1);
};

export const labelOf = (type) => LABELS[type] ?? spoken(type);

export const mandateOf = (type, seller) =>
  DEBITS.includes(type)
    ? `By confirming this payment you authorize ${seller} to debit your account for this amount. The bank answers in a few days.`
    : "";
