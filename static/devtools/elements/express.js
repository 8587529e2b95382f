// The express checkout element: nothing on a device without wallets; with the sandbox's test wallet, a button that pays.
import { onTold, tellEvent } from "./channel.js";
import { make } from "./form.js";
import { startFrame, tellReady } from "./frame.js";

const main = document.querySelector("[data-main]");
const BUYER = {
  name: "Wallet Buyer",
  email: "wallet@example.com",
  address: { line1: "1 Main Street", line2: null, city: "San Francisco", state: "CA", postal_code: "94103", country: "US" },
};
const button = make("button", { type: "button", className: "Button wallet", text: "Pay with the test wallet" });
const error = make("p", { className: "Error", hidden: true });
error.setAttribute("role", "alert");
button.addEventListener("click", () => {
  error.hidden = true;
  tellEvent("confirm", { expressPaymentType: "google_pay", billingDetails: BUYER });
});
onTold("failed", ({ message }) => {
  error.textContent = message ?? "The wallet could not pay.";
  error.hidden = false;
});

startFrame({
  show: ({ page }) => {
    const isHere = page.elements_session.test_wallet && page.line_item_group.due > 0;
    if (isHere && !main.children.length) main.append(button, error);
    if (!isHere) main.replaceChildren();
    tellReady({ availablePaymentMethods: isHere ? { googlePay: true } : undefined });
  },
});
