// The page's private API, its frame's messages, and amounts with Stripe's number of digits.

const body = document.body;
export const sessionId = body.dataset.session;
export const isEmbedded = body.dataset.embedded === "yes";
// The language of the Session; what is not in its table is said in English.
const words = JSON.parse(body.dataset.words);
export const say = (text) => words[text] ?? text;
const SOURCE = "stripe-sandbox";

// The shop's page says hello first: its Referrer-Policy may hide who it is, and nobody else is answered.
let parentOrigin = null;
const unsent = [];
const send = (message) => window.parent.postMessage({ source: SOURCE, ...message }, parentOrigin);
window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.data?.source !== SOURCE || event.data.type !== "hello") return;
  parentOrigin = event.origin;
  unsent.splice(0).forEach(send);
});

export class ApiError extends Error {
  constructor(error, status) {
    super(error.message ?? "Something went wrong.");
    Object.assign(this, { code: error.code, param: error.param, status });
  }
}

// No answer at all is a TypeError from fetch; an answer that is an error is an ApiError.
export const call = async (method, path, fields = {}) => {
  const form = new URLSearchParams({ key: body.dataset.key, ...fields });
  const isRead = method === "GET";
  const answer = await fetch(isRead ? `${path}?${form}` : path, isRead ? {} : { method, body: form });
  const found = await answer.json();
  if (!answer.ok) throw new ApiError(found.error ?? {}, answer.status);
  return found;
};

export const callPage = (method, action, fields) =>
  call(method, `/v1/payment_pages/${sessionId}${action}`, fields);

export const tell = (type, more = {}) => {
  if (!isEmbedded) return;
  if (parentOrigin) send({ type, ...more });
  else unsent.push({ type, ...more });
};

export const leave = (url) => {
  if (isEmbedded) tell("redirect", { url });
  else window.location.assign(url);
};

// The frame does not scroll, the shop's page does: tell it which part of the frame must be seen.
export const reveal = (element) => {
  const { top, bottom } = element.getBoundingClientRect();
  if (isEmbedded) tell("scroll", { top, bottom });
  else element.scrollIntoView({ block: "nearest" });
};

export const money = (amount, currency) => {
  const places = Number(body.dataset.digits);
  const format = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en-US" : document.documentElement.lang, {
    style: "currency",
    currency: currency.toUpperCase(),
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  });
  return format.format(amount / 10 ** places);
};

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

if (isEmbedded) {
  const report = () => tell("resize", { height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  new ResizeObserver(report).observe(document.documentElement);
}
