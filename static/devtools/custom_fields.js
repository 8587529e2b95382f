// The phone number and the shop's own fields: made from the Session, read and checked before anybody pays.
const form = document.querySelector("[data-custom-fields]");
const PHONE = "phoneNumber";
const nameOf = (field) => `custom-${field.key}`;
const find = (name) => document.getElementById(name);

const element = (kind, members, ...children) => {
  const made = Object.assign(document.createElement(kind), members);
  made.append(...children);
  return made;
};

const choices = (field) => {
  const options = field.dropdown.options.map(({ label, value }) => element("option", { value, textContent: label }));
  return element("select", {}, element("option", { value: "", textContent: "Choose" }), ...options);
};

const box = (name, label, control) => {
  Object.assign(control, { id: name, name });
  control.setAttribute("aria-describedby", `${name}-error`);
  const error = element("p", { className: "error", id: `${name}-error`, hidden: true });
  error.dataset.testid = `${name}-error`;
  return element("div", { className: "field" }, element("label", { htmlFor: name, textContent: label }), control, error);
};

const fieldBox = (field) => {
  const label = `${field.label.custom}${field.optional ? " (optional)" : ""}`;
  const inputMode = field.type === "numeric" ? "numeric" : "text";
  return box(nameOf(field), label, field.type === "dropdown" ? choices(field) : element("input", { inputMode }));
};

// Once: what somebody has typed stays.
export const showFields = (page) => {
  if (form.childElementCount) return;
  if (page.phone_number_collection.enabled) {
    form.append(box(PHONE, "Phone number", element("input", { type: "tel", autocomplete: "tel" })));
  }
  form.append(...page.custom_fields.map(fieldBox));
};

export const readFields = (page) => {
  const values = page.custom_fields.map((field) => [`custom_fields[${field.key}]`, find(nameOf(field)).value.trim()]);
  if (page.phone_number_collection.enabled) values.push(["phone_number", find(PHONE).value.trim()]);
  return Object.fromEntries(values);
};

export const findFieldProblems = (page, complain) => {
  const needed = page.custom_fields.filter((field) => !field.optional).map(nameOf);
  if (page.phone_number_collection.enabled) needed.push(PHONE);
  return needed.filter((name) => {
    const isMissing = !find(name).value.trim();
    complain(name, isMissing ? "Please fill in this field." : "");
    return isMissing;
  });
};

// The field that a refusal of the server is about.
export const fieldOfParam = (param = "") => {
  if (param === "phone_number") return PHONE;
  const key = /^custom_fields\[(\w+)\]$/.exec(param)?.[1];
  return key && `custom-${key}`;
};
