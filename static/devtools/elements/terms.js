// The terms element: a box to tick where the session asks for it, else nothing.
import { onAsked } from "./channel.js";
import { make } from "./form.js";
import { startFrame, tellReady, tellState } from "./frame.js";

const main = document.querySelector("[data-main]");
const box = make("input", { type: "checkbox", id: "terms", name: "terms" });
const label = make("label", { className: "Checkbox", htmlFor: "terms" });
const error = make("p", { className: "Error", id: "terms-error", hidden: true });
let isRequired = false;

box.setAttribute("aria-describedby", error.id);
label.append(box, make("span", { className: "CheckboxLabel", text: "I accept the terms of service." }));

const report = () => tellState({ isComplete: !isRequired || box.checked, isEmpty: !box.checked, isInvalid: !error.hidden, value: null });

const complain = (text) => {
  error.textContent = text;
  error.hidden = !text;
  report();
};

box.addEventListener("change", () => complain(""));
onAsked("validate", ({ isFirst }) => {
  const message = isRequired && !box.checked ? "Please accept the terms of service." : "";
  complain(message);
  if (message && isFirst) box.focus();
  return { message };
});

startFrame({
  show: ({ page }) => {
    isRequired = page.terms_of_service_required;
    main.replaceChildren(...(isRequired ? [label, error] : []));
    report();
    tellReady();
  },
});
