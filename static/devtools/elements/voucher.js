// The dialog after confirming with a voucher or a bank transfer: where the buyer finds what to pay.
import { hello, tellEvent } from "./channel.js";
import { make } from "./form.js";

const main = document.querySelector("[data-main]");
const { url, amount } = await hello;
const row = make("div", { className: "row" });
const link = make("a", { href: url, target: "_blank", rel: "noopener", text: "Show how to pay" });
const close = make("button", { type: "button", className: "Button", text: "Continue" });
link.dataset.testid = "voucher-link";
close.dataset.testid = "voucher-close";
close.addEventListener("click", () => tellEvent("answer", { result: "closed" }));
row.append(link, close);
main.className = "dialog";
main.append(make("h1", { text: "Your payment is waiting (sandbox)" }), make("p", { text: `Pay ${amount} with these details.` }), row);
close.focus();
window.addEventListener("keydown", (event) => event.key === "Escape" && tellEvent("answer", { result: "closed" }));
