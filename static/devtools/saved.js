// Cards that the buyer has saved: a choice above the fields of another one, and the box that saves that.
const find = (selector) => document.querySelector(selector);
const NAMES = { amex: "American Express", mastercard: "Mastercard", visa: "Visa" };

export const cardWords = (card) =>
  `${NAMES[card.brand] ?? card.brand} •••• ${card.last4}, expires ${String(card.exp_month).padStart(2, "0")}/${card.exp_year % 100}`;

const make = (name, properties) => Object.assign(document.createElement(name), properties);

const choice = (value, text, isChosen) => {
  const label = document.createElement("label");
  label.append(make("input", { type: "radio", name: "savedMethod", value, checked: isChosen }), ` ${text}`);
  return label;
};

const line = (card, page, isChosen, remove) => {
  const node = document.createElement("p");
  node.append(choice(card.id, cardWords(card), isChosen));
  if (!page.may_remove_saved) return node;
  const button = make("button", { type: "button", className: "link", textContent: "Remove" });
  button.setAttribute("aria-label", `Remove ${cardWords(card)}`);
  button.addEventListener("click", () => remove(card.id));
  node.append(" ", button);
  return node;
};

// The id of the chosen one; "" for another card.
export const savedChoice = () => find('[name="savedMethod"]:checked')?.value ?? "";
export const wantsToSave = () => !savedChoice() && find('[name="saveMethod"]').checked;

export const showSaved = (page, remove) => {
  const saved = page.saved_payment_methods ?? [];
  const box = find("[data-saved]");
  const before = find('[name="savedMethod"]:checked')?.value;
  const chosen = before === "" || saved.some((card) => card.id === before) ? before : (saved[0]?.id ?? "");
  box.hidden = saved.length === 0;
  const lines = saved.map((card) => line(card, page, card.id === chosen, remove));
  const another = document.createElement("p");
  another.append(choice("", "Another card", chosen === ""));
  box.querySelector("[data-saved-lines]").replaceChildren(...(saved.length ? [...lines, another] : []));
};

export const showForChoice = (page, isCard) => {
  const isSaved = isCard && Boolean(savedChoice());
  find("[data-new-card]").hidden = isSaved;
  find('[data-field="billingName"]').hidden = isSaved;
  find("[data-save]").hidden = !page.offers_to_save || isSaved;
  return isSaved;
};
