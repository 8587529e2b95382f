// The sandbox's stand-in for Stripe.js "endive". Served as one script: the parts are listed in pages/elements.py.

const origin = new URL(document.currentScript.src).origin;
const SOURCE = "stripe-sandbox";
const SECRET = /^cs_test_[A-Za-z0-9]+_secret_.+$/;

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

const renamed = (name, now) => () => {
  throw new IntegrationError(`stripe.${name}() is not part of Stripe.js endive: use ${now}.`);
};
const notHere = (name) => () => {
  throw new IntegrationError(`stripe.${name}() is not implemented in the sandbox.`);
};

const findPlace = (place) => {
  const target = typeof place === "string" ? document.querySelector(place) : place;
  if (!(target instanceof HTMLElement)) {
    throw new IntegrationError(`The place to mount in was not found: ${String(place)}`);
  }
  return target;
};

const leaveFor = (address) => {
  const url = new URL(address);
  if (url.protocol === "http:" || url.protocol === "https:") window.location.assign(url.href);
};

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
