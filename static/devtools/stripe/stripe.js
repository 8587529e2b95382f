// window.Stripe

const Stripe = function Stripe(key) {
  if (typeof key !== "string" || !key.startsWith("pk_test_")) {
    throw new IntegrationError(
      String(key).startsWith("pk_live_")
        ? "The sandbox never takes a live key."
        : "Stripe() takes a publishable key that starts with pk_test_.",
    );
  }
  return {
    createEmbeddedCheckoutPage,
    initEmbeddedCheckout: renamed("initEmbeddedCheckout", "createEmbeddedCheckoutPage()"),
    initCheckout: renamed("initCheckout", "initCheckoutElementsSdk()"),
    redirectToCheckout: renamed("redirectToCheckout", "the Session's url"),
    initCheckoutElementsSdk: initCheckoutElementsSdk(key),
    initCheckoutFormSdk: notHere("initCheckoutFormSdk"),
    elements: notHere("elements"),
    _registerWrapper() {},
  };
};
Stripe.version = "endive";
window.Stripe = Stripe;
