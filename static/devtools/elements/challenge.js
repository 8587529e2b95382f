// The bank's question, in a dialog over the shop's page.
import { hello, tellEvent } from "./channel.js";
import { make } from "./form.js";

const main = document.querySelector("[data-main]");
const button = (testid, text, result, className) => {
  const node = make("button", { type: "button", text, className });
  node.dataset.testid = testid;
  node.addEventListener("click", () => tellEvent("answer", { result }));
  return node;
};

const { amount } = await hello;
const row = make("div", { className: "row" });
row.append(button("challenge-fail", "Fail", "fail", "plain"), button("challenge-complete", "Complete", "complete", "Button"));
main.className = "dialog";
main.append(
  make("h1", { text: "3-D Secure (sandbox)" }),
  make("p", { text: `Your bank wants to know that it is you who pays ${amount}. A real bank would ask for a code here.` }),
  row,
);
main.querySelector('[data-testid="challenge-complete"]').focus();
window.addEventListener("keydown", (event) => event.key === "Escape" && tellEvent("answer", { result: "fail" }));
