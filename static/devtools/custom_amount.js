// The field of an order whose amount the buyer chooses: shown, read in minor units, and sent before anybody pays.
import { money } from "./page.js";

const field = document.querySelector('[name="customAmount"]');
const place = document.querySelector("[data-chosen]");
const digits = Number(document.body.dataset.digits);
let isFilled = false;

const limits = ({ minimum, maximum }, currency) => {
  const least = minimum ? `From ${money(minimum, currency)}` : "As much as you like";
  return maximum ? `${least}, up to ${money(maximum, currency)}` : least;
};

export const showCustomAmount = (page) => {
  const custom = page.custom_unit_amount;
  place.hidden = !custom;
  if (!custom) return;
  document.querySelector("[data-chosen-limits]").textContent = limits(custom, page.currency);
  if (!isFilled && custom.chosen !== null) field.value = (custom.chosen / 10 ** digits).toFixed(digits);
  isFilled = true; // what the buyer types stays as it was typed
};

// Null for what is no amount of this currency.
const read = () => {
  const text = field.value.trim().replace(",", ".");
  const [whole, decimals = ""] = text.split(".");
  if (!/^\d+(\.\d*)?$/.test(text) || decimals.length > digits) return null;
  return Number(whole + decimals.padEnd(digits, "0"));
};

// Send the amount if it is not the one that the order counts. False: it was refused, and the field says why.
export const settleAmount = async (page, update, complain) => {
  if (!page.custom_unit_amount) return true;
  const amount = read();
  complain("customAmount", amount === null ? "Please enter an amount." : "");
  if (amount === null) return false;
  if (amount === page.custom_unit_amount.chosen) return true;
  return update({ custom_unit_amount: String(amount) }, (text) => complain("customAmount", text));
};

export const onAmount = (settle) => field.addEventListener("change", settle);
