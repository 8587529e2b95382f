// The embedded Checkout page in a frame from the sandbox's origin.

let live = null; // at most one embedded page exists at a time, as with Stripe

const readSecret = async (options) => {
  const secret = options.clientSecret ?? (await options.fetchClientSecret());
  if (typeof secret !== "string" || !/^cs_test_[A-Za-z0-9]+_secret_.+$/.test(secret)) {
    throw new IntegrationError("The client secret must look like cs_test_…_secret_….");
  }
  return secret;
};

class EmbeddedCheckoutPage {
  #options;
  #secret;
  #frame = null;
  #isDestroyed = false;
  #listener = (event) => this.#hear(event);

  constructor(options, secret) {
    this.#options = options;
    this.#secret = secret;
  }

  mount(place) {
    if (this.#isDestroyed) throw new IntegrationError("This Embedded Checkout object was destroyed.");
    if (this.#frame) throw new IntegrationError("This Embedded Checkout object is already mounted.");
    const target = typeof place === "string" ? document.querySelector(place) : place;
    if (!(target instanceof HTMLElement)) {
      throw new IntegrationError(`The place to mount in was not found: ${String(place)}`);
    }
    const frame = document.createElement("iframe");
    const [id] = this.#secret.split("_secret_");
    frame.name = "embedded-checkout";
    frame.title = "Secure payment form (sandbox)";
    frame.src = `${origin}/embedded/${id}#${encodeURIComponent(this.#secret)}`;
    frame.allow = "payment *; clipboard-write";
    Object.assign(frame.style, { width: "100%", height: "640px", border: "0", display: "block", colorScheme: "normal" });
    frame.addEventListener("load", () => frame.contentWindow.postMessage({ source: SOURCE, type: "hello" }, origin));
    window.addEventListener("message", this.#listener);
    this.#frame = frame;
    target.append(frame);
  }

  unmount() {
    window.removeEventListener("message", this.#listener);
    this.#frame?.remove();
    this.#frame = null;
  }

  destroy() {
    this.unmount();
    this.#isDestroyed = true;
    if (live === this) live = null;
  }

  // A part of the frame, in its own pixels.
  #reveal(from, to) {
    const start = this.#frame.getBoundingClientRect().top;
    const [top, bottom] = [start + from - 16, start + to + 16];
    if (top < 0) window.scrollBy({ top });
    else if (bottom > window.innerHeight) window.scrollBy({ top: bottom - window.innerHeight });
  }

  #hear(event) {
    if (event.origin !== origin || event.source !== this.#frame?.contentWindow) return;
    const message = event.data;
    if (!message || message.source !== SOURCE) return;
    if (message.type === "resize" && Number.isFinite(message.height)) {
      this.#frame.style.height = `${Math.min(Math.max(message.height, 200), 10_000)}px`;
    } else if (message.type === "scroll") {
      this.#reveal(Number(message.top), Number(message.bottom));
    } else if (message.type === "analytics") {
      this.#options.onAnalyticsEvent?.({
        checkoutSession: this.#secret.split("_secret_")[0],
        eventType: message.eventType,
        details: message.details ?? {},
        clientMetadata: {},
        timestamp: Date.now(),
      });
    } else if (message.type === "complete") {
      this.#options.onComplete?.();
    } else if (message.type === "redirect") {
      const url = new URL(message.url);
      if (url.protocol === "http:" || url.protocol === "https:") window.location.assign(url.href);
    }
  }
}

const createEmbeddedCheckoutPage = async (options = {}) => {
  if (!options.fetchClientSecret && !options.clientSecret) {
    throw new IntegrationError("Pass fetchClientSecret or clientSecret to createEmbeddedCheckoutPage().");
  }
  if (options.fetchClientSecret && options.clientSecret) {
    throw new IntegrationError("Pass only one of fetchClientSecret and clientSecret.");
  }
  if (live) throw new IntegrationError("You cannot have multiple Embedded Checkout objects.");
  const reserved = {};
  live = reserved; // a second call must fail while the first still waits for its secret
  try {
    const page = new EmbeddedCheckoutPage(options, await readSecret(options));
    live = page;
    return page;
  } catch (error) {
    if (live === reserved) live = null;
    throw error;
  }
};
