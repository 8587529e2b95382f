// The contact details element: the buyer's email, kept by the session as soon as the field is left.
import { onAsked, onTold, tellEvent } from "./channel.js";
import { isFilled, isWhole, judge, make, textField } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";

const main = document.querySelector("[data-main]");
const email = textField("email");
const fixed = make("p", { className: "quiet", hidden: true });
let sent = "";
let isShown = false;

main.append(email.node, fixed);

const isFixed = () => email.node.hidden;
const unsent = () => {
  const typed = email.read();
  if (isFixed() || email.problem() || typed === sent) return null;
  sent = typed;
  return { buyer_email: typed };
};

const report = ({ isByBuyer = true } = {}) => {
  const change = { empty: !isFilled([email]), complete: isWhole([email]), value: { email: isFixed() ? fixed.textContent : email.read() } };
  const isInvalid = email.control.hasAttribute("aria-invalid");
  tellState({ isComplete: change.complete, isEmpty: change.empty, isInvalid, value: change.value }, isByBuyer ? change : null);
};

main.addEventListener("input", () => report());
main.addEventListener("change", () => {
  const changes = unsent();
  if (changes) tellEvent("act", changes);
  else if (email.read()) email.complain(email.problem());
  report();
});
onAsked("validate", ({ isFirst }) => {
  const message = isFixed() ? "" : judge([email], { focuses: isFirst });
  report();
  return { message };
});
onAsked("flush", () => ({ fields: unsent() }));
onTold("clear", () => {
  email.control.value = "";
  report();
});
onTold("refused", ({ message }) => email.complain(message));

startFrame({
  show: ({ page }) => {
    const { email: known, is_email_fixed: isGiven } = page.elements_session;
    email.node.hidden = isGiven;
    fixed.hidden = !isGiven;
    fixed.textContent = isGiven ? known : "";
    if (!isShown && known && !email.read()) email.control.value = sent = known;
    isShown = true;
    report({ isByBuyer: false });
    tellReady();
  },
});
