// The order beside the form: lines, quantities, promotion code, totals. All text goes in as text, never as HTML.
import { money, say } from "./page.js";

const find = (selector) => document.querySelector(selector);
const element = (name, text, className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
};

const stepper = (line, onQuantity) => {
  const box = element("span", "", "stepper");
  const button = (label, sign, quantity, isPossible) => {
    const made = element("button", sign, "plain");
    made.type = "button";
    made.dataset.step = `${line.id} ${sign}`;
    made.disabled = !isPossible;
    made.setAttribute("aria-label", `${label} ${line.description}`);
    made.addEventListener("click", () => onQuantity(line.id, quantity));
    return made;
  };
  const { minimum, maximum } = line.adjustable_quantity;
  box.append(
    button("One less:", "−", line.quantity - 1, line.quantity > Math.max(1, minimum)),
    element("span", String(line.quantity), "count"),
    button("One more:", "+", line.quantity + 1, line.quantity < maximum),
  );
  return box;
};

const picture = (address) => Object.assign(element("img", ""), { src: address, alt: "", width: 44, height: 44 });

const lineRow = (line, currency, onQuantity) => {
  const row = element("li", "");
  const what = element("span", "", "what");
  what.append(element("strong", line.description));
  if (line.product_description) what.append(element("span", line.product_description, "quiet"));
  const each = `${money(line.unit_amount, currency)} each`;
  if (line.adjustable_quantity?.enabled) what.append(element("span", each, "quiet"), stepper(line, onQuantity));
  else if (line.quantity > 1) what.append(element("span", `Quantity ${line.quantity}, ${each}`, "quiet"));
  row.append(...line.images.slice(0, 1).map(picture), what, element("span", money(line.subtotal, currency), "amount"));
  return row;
};

const optionalRow = (item, currency, onTake) => {
  const row = element("li", "");
  const what = element("span", "", "what");
  const count = item.quantity > 1 ? ` × ${item.quantity}` : "";
  what.append(element("strong", `${item.description}${count}`), element("span", money(item.subtotal, currency), "quiet"));
  const button = element("button", say(item.is_taken ? "Remove" : "Add"), "plain");
  button.type = "button";
  button.dataset.optional = item.price;
  button.setAttribute("aria-label", `${button.textContent} ${item.description}`);
  button.addEventListener("click", () => onTake(item.price, item.is_taken ? 0 : item.quantity));
  row.append(what, button);
  return row;
};

// Whoever pressed the button stays on it, now that it says the contrary.
export const showOptional = (page, onTake) => {
  const pressed = document.activeElement?.dataset.optional;
  find("[data-optional]").hidden = page.optional_items.length === 0;
  const rows = page.optional_items.map((item) => optionalRow(item, page.currency, onTake));
  find("[data-optional-lines]").replaceChildren(...rows);
  if (pressed) document.querySelector(`[data-optional="${pressed}"]`)?.focus();
};

// New rows replace the old: whoever steps by keyboard stays on the button, or on its neighbor at the limit.
const replaceLines = (rows) => {
  const list = find("[data-lines]");
  const step = list.contains(document.activeElement) ? document.activeElement.dataset.step : undefined;
  list.replaceChildren(...rows);
  const same = step && [...list.querySelectorAll("[data-step]")].find((button) => button.dataset.step === step);
  if (same) (same.disabled ? same.parentElement.querySelector("button:enabled") : same)?.focus();
};

// Stripe's custom texts may hold links, [like this](https://…), and nothing else.
export const showCustomText = (place, text) => {
  const parts = text.split(/\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/);
  const nodes = [];
  for (let at = 0; at < parts.length; at += 3) {
    nodes.push(parts[at]);
    if (at + 2 < parts.length) {
      const link = element("a", parts[at + 1]);
      Object.assign(link, { href: parts[at + 2], target: "_blank", rel: "noopener" });
      nodes.push(link);
    }
  }
  place.replaceChildren(...nodes);
};

const totalRow = (label, amount, className = "") => {
  const row = element("div", "", className);
  row.append(element("dt", label), element("dd", amount));
  return row;
};

const taxLabel = (tax) => {
  if (tax.taxability_reason === "reverse_charge") return `${tax.display_name} (reverse charge)`;
  const label = `${tax.display_name} ${tax.country} (${tax.percentage}%)`;
  return tax.inclusive ? `${label}, included` : label;
};

// The shop's colors and corners, as `branding_settings` say. A color of the background is for light and dark alike.
const wearLooks = (looks) => {
  const { style, dataset } = document.documentElement;
  dataset.corners = looks.border_style;
  dataset.looks = looks.button_color === "#0074d4" ? "account" : "shop";
  if (dataset.looks === "account") return;
  style.setProperty("--shop", looks.button_color);
  style.setProperty("--shop-ink", isLight(looks.button_color) ? "#000" : "#fff");
  style.setProperty("--shop-paper", looks.background_color);
};

// By the luminance that contrast is computed from.
const isLight = (color) => {
  const parts = (color.length === 4 ? color.replace(/[0-9a-f]/gi, "$&$&") : color).slice(1).match(/../g);
  const [red, green, blue] = parts.map((part) => {
    const share = parseInt(part, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
};

// Several items on a phone: the field for the email comes first.
let isFolded = false;
const foldOnce = (count) => {
  if (isFolded) return;
  isFolded = true;
  find("[data-order]").open = count < 3 || window.matchMedia("(width >= 44rem)").matches;
};

export const showOrder = (page, onQuantity) => {
  const { currency, line_item_group: group } = page;
  wearLooks(page.branding);
  find("[data-name]").textContent = page.display_name ?? say("Payment");
  document.title = `Pay ${page.display_name ?? ""} (sandbox)`;
  replaceLines(group.line_items.map((line) => lineRow(line, currency, onQuantity)));
  const rows = [];
  const [discount] = group.discount_amounts;
  const taxes = group.tax_amounts ?? [];
  const isBehind = page.tax_meta?.status === "requires_location_inputs";
  if (discount || taxes.length || isBehind) rows.push(totalRow(say("Subtotal"), money(group.subtotal, currency)));
  if (discount) rows.push(totalRow(discount.label ?? say("Discount"), `−${money(discount.amount, currency)}`));
  if (isBehind) rows.push(totalRow(say("Tax"), say("Enter your address")));
  for (const tax of taxes) rows.push(totalRow(taxLabel(tax), money(tax.amount, currency)));
  rows.push(totalRow(say("Total due"), money(group.due, currency), "due"));
  find("[data-due]").textContent = money(group.due, currency);
  foldOnce(group.line_items.length);
  find("[data-totals]").replaceChildren(...rows);
  find("[data-promotion]").hidden = !page.allow_promotion_codes;
  find("[data-promotion-form]").hidden = Boolean(discount?.code);
  find("[data-promotion-applied]").hidden = !discount?.code;
  find("[data-promotion-code]").textContent = discount?.code ?? "";
};
