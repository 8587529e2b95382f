"""A shop's page with the Elements SDK on it, on another port than the sandbox, for the browser tests of it."""

from typing import Any

from flask import Flask
from playwright.sync_api import FrameLocator, Page

from tests.devtools.sandbox.calls import Calls

# The steps of an Elements page: load, show the total, take an email, mount, confirm, tell what went wrong.
HOST_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; img-src data:; style-src 'self';
script-src 'self' 'unsafe-inline' {sandbox}; frame-src {sandbox}; connect-src 'self'">
<script src="{sandbox}/endive/stripe.js"></script></head>
<body><main><h1>Host</h1><p id="total"></p>
<div id="contact"></div><div id="address"></div><div id="payment"></div><div id="more"></div>
<button id="pay" disabled>Pay</button><p id="said" role="status"></p></main>
<script>
window.log = [];
window.start = async (key, clientSecret, options = {}) => {
  const adaptivePricing = { allowed: true };
  const sdk = Stripe(key).initCheckoutElementsSdk({ clientSecret, adaptivePricing, ...options });
  window.sdk = sdk;
  sdk.on("change", (session) => {
    window.log.push(["change", session.canConfirm, session.status.type]);
    document.querySelector("#total").textContent = session.total.total.amount;
    document.querySelector("#pay").disabled = !session.canConfirm;
  });
  const loaded = await sdk.loadActions();
  window.actions = loaded.actions;
  return loaded.type === "error" ? loaded.error : null;
};
window.mountPayment = (options) => {
  const element = sdk.createPaymentElement(options);
  for (const name of ["loaderstart", "ready", "change"]) {
    element.on(name, (event) => window.log.push([name, event.elementType, event.complete]));
  }
  element.on("loaderror", ({ error }) => (document.querySelector("#said").textContent = error.message));
  element.mount("#payment");
};
window.mount = (kind, place, options) => {
  const element = sdk[`create${kind}Element`](options);
  for (const name of ["ready", "change", "confirm"]) {
    if (name === "confirm" && kind !== "ExpressCheckout") continue;
    element.on(name, (event) => window.log.push([name, event.elementType, event]));
  }
  if (kind === "ExpressCheckout") {
    element.on("ready", ({ availablePaymentMethods: wallets }) => {
      document.querySelector("#said").textContent = `expressCheckout: ${wallets && Object.keys(wallets)}`;
    });
  }
  element.mount(place);
  return null;
};
window.attempt = async (run) => {
  try {
    return await run();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
window.confirmArgs = {};
document.querySelector("#pay").addEventListener("click", async () => {
  const result = await window.actions.confirm(window.confirmArgs);
  window.result = result;
  document.querySelector("#said").textContent =
    result.type === "error" ? result.error.message : `Status: ${result.session.status.paymentStatus}`;
});
</script></body></html>"""


def host_app(sandbox: Calls) -> Flask:
    app = Flask("elements_host")
    app.add_url_rule("/", view_func=lambda: HOST_PAGE.replace("{sandbox}", sandbox.url))
    app.add_url_rule("/done", endpoint="done", view_func=lambda: "<title>Done</title><link rel=icon href=data:,>")
    return app


def create(sandbox: Calls, host: str, *, amount: int = 1900, currency: str = "usd", **body: Any) -> Any:
    line: dict[str, Any] = {"price": sandbox.make_price(amount, currency), "quantity": 1, **body.pop("line", {})}
    params: Any = {
        "mode": "payment",
        "ui_mode": "elements",
        "return_url": host + "/done?session_id={CHECKOUT_SESSION_ID}",
        "line_items": [line],
        **body,
    }
    return sandbox.v1.checkout.sessions.create(params)


def start(page: Page, sandbox: Calls, host: str, session: Any, **options: Any) -> None:
    """Open the page, initialize the SDK and mount a payment element."""
    page.goto(host)
    page.evaluate(
        "([key, secret, options]) => start(key, secret, options)",
        [sandbox.server.publishable_key, session.client_secret, options],
    )
    page.evaluate("mountPayment({ layout: 'tabs' })")


def frame(page: Page, kind: str = "payment") -> FrameLocator:
    return page.frame_locator(f'iframe[name="sandbox-{kind}"]')


def type_card(page: Page, number: str = "4242424242424242") -> None:
    fields = {"cardNumber": number, "cardExpiry": "12 / 34", "cardCvc": "123"}
    for name, value in fields.items():
        frame(page).locator(f'[name="{name}"]').fill(value)
    code = frame(page).locator('[name="billingPostalCode"]')
    if code.is_visible():
        code.fill("94107")
