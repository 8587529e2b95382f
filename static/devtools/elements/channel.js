// Messages between this frame and the shop's page: who says hello first is answered, and nobody else.

const SOURCE = "stripe-sandbox";
const answers = new Map();
const listeners = new Map();
let parentOrigin = null;
let init = null;
let greeted = () => {};

const post = (type, more = {}) => {
  if (parentOrigin) window.parent.postMessage({ source: SOURCE, init, type, ...more }, parentOrigin);
};

const answer = async ({ number, name, data }) => {
  const run = answers.get(name);
  let result = null;
  try {
    result = run ? await run(data) : null;
  } catch (error) {
    result = { error: { message: error.message } };
  }
  post("answer", { number, data: result ?? null });
};

window.addEventListener("message", (event) => {
  const message = event.data;
  if (event.source !== window.parent || message?.source !== SOURCE) return;
  if (message.type === "hello" && parentOrigin === null) {
    parentOrigin = event.origin;
    init = message.init;
    greeted(message.data ?? {});
    post("listening");
  }
  if (event.origin !== parentOrigin || message.init !== init) return;
  if (message.type === "tell") listeners.get(message.name)?.(message.data);
  else if (message.type === "ask") answer(message);
});

// What the shop's page says at the start: key, options, appearance, and the session if it is there already.
export const hello = new Promise((resolve) => (greeted = resolve));
export const onTold = (name, run) => listeners.set(name, run);
export const onAsked = (name, run) => answers.set(name, run);
export const tellEvent = (name, data) => post("event", { name, data });

new ResizeObserver(() => {
  post("resize", { data: Math.ceil(document.documentElement.getBoundingClientRect().height) });
}).observe(document.documentElement);

window.addEventListener("focusin", () => tellEvent("focus"));
window.addEventListener("focusout", (event) => event.relatedTarget === null && tellEvent("blur"));
window.addEventListener("keydown", (event) => event.key === "Escape" && tellEvent("escape"));
onTold("focus", () => document.querySelector("input, select, button")?.focus());
onTold("blur", () => document.activeElement?.blur());
