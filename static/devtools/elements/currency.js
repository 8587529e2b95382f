// The currency selector: the shop's currency or the buyer's own, where the session offers both.
import { tellEvent } from "./channel.js";
import { make } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";

const main = document.querySelector("[data-main]");
let shown = "";

const choice = ({ currency, label }, isChosen) => {
  const node = make("label", { className: "Tab" });
  const radio = make("input", { type: "radio", name: "currency", value: currency, checked: isChosen });
  node.classList.toggle("Tab--selected", isChosen);
  radio.addEventListener("change", () => tellEvent("act", { updated_currency: currency }));
  node.append(radio, make("span", { className: "TabLabel", text: label }));
  return node;
};

const label = (option) => `${option.currency.toUpperCase()} ${(option.amount / 10 ** option.digits).toFixed(option.digits)}`;

startFrame({
  show: ({ page }) => {
    const options = page.elements_session.currency_options ?? [];
    const now = JSON.stringify([options, page.elements_session.currency]);
    if (now !== shown) {
      shown = now;
      const box = make("fieldset", { className: "tabs" });
      box.append(make("legend", { className: "hidden-text", text: "Currency" }));
      const chosen = page.elements_session.currency;
      box.append(...options.map((option) => choice({ ...option, label: label(option) }, option.currency === chosen)));
      main.replaceChildren(...(options.length > 1 ? [box] : []));
    }
    tellState({ isComplete: true, isEmpty: options.length < 2, isInvalid: false, value: null });
    tellReady();
  },
});
