// initCheckoutElementsSdk(): one Checkout Session in this page, its elements, and the actions on it.

const OPTIONS = ["clientSecret", "elementsOptions", "adaptivePricing", "defaultValues"];
const LATE_MS = 0; // "change" comes after what caused it has resolved

class ElementsSdk {
  constructor(key, options) {
    this.key = key;
    this.options = options;
    this.init = newInitId();
    this.page = null;
    this.failure = null;
    this.reads = new Set();
    this.elements = new Map();
    this.calledActions = new Set();
    this.serverUpdates = 0;
    this.isConfirming = false;
    this.listeners = [];
    this.appearance = options.elementsOptions?.appearance ?? {};
    this.fonts = options.elementsOptions?.fonts ?? [];
    this.turn = Promise.resolve();
    this.controller = new Frame("controller", { init: this.init, title: "Sandbox", hello: () => ({ key }) });
    Object.assign(this.controller.node, { hidden: true, tabIndex: -1 });
    this.controller.node.setAttribute("aria-hidden", "true");
    (document.body ?? document.documentElement).append(this.controller.node);
    this.loaded = this.#load();
  }

  async #load() {
    try {
      const secret = await this.options.clientSecret;
      if (typeof secret !== "string" || !SECRET.test(secret)) {
        return refusal("The client secret must look like cs_test_…_secret_….");
      }
      await this.controller.ask("open", { secret });
      this.page = await this.call("POST", "/init", { adaptive_pricing: this.options.adaptivePricing ?? {} });
      await this.#useDefaults();
    } catch (error) {
      this.failure = { type: error.status === 0 ? "api_connection_error" : "invalid_request_error", message: error.message };
      for (const element of this.elements.values()) element.fail(this.failure);
      return refusal(error.message);
    }
    this.actions = this.#makeActions();
    setTimeout(() => this.changed({ always: true }), LATE_MS);
    return { type: "success", actions: this.actions };
  }

  async #useDefaults() {
    const given = this.options.defaultValues ?? {};
    const fields = {};
    if (given.email && !this.page.elements_session.is_email_fixed) fields.buyer_email = given.email;
    if (given.phoneNumber) fields.phone = given.phoneNumber;
    if (given.billingAddress) fields.billing_address = contactFields(given.billingAddress);
    if (Object.keys(fields).length) this.page = await this.call("POST", "", fields);
  }

  #makeActions() {
    return { getSession: () => this.view(), ...updateActions(this), confirm: confirmAction(this) };
  }

  // What the shop gets -----------------------------------------------------------------------------------------

  face() {
    return {
      on: (event, handler) => {
        if (event !== "change" || typeof handler !== "function") {
          throw new IntegrationError('on() takes "change" and a function.');
        }
        this.listeners.push(handler);
      },
      loadActions: () => this.loaded,
      changeAppearance: (appearance) => {
        this.appearance = appearance ?? {};
        this.#tellAll("look", { appearance: this.appearance, fonts: this.fonts });
      },
      loadFonts: (fonts) => {
        this.fonts = [...this.fonts, ...fonts];
        this.#tellAll("look", { appearance: this.appearance, fonts: this.fonts });
      },
      ...elementMethods(this),
    };
  }

  view() {
    return sessionView(this.page, { canConfirm: this.canConfirm(), reads: this.reads });
  }

  success() {
    return { type: "success", session: this.view() };
  }

  canConfirm() {
    const session = this.page.elements_session;
    const isBusy = this.serverUpdates > 0 || this.isConfirming;
    if (this.page.status !== "open" || isBusy) return false;
    const hasEmail = Boolean(session.email) || Boolean(this.elements.get("ContactDetails")?.state.isComplete);
    const hasAddress = !session.wants_billing_address || Boolean(session.billing_address);
    const unfinished = ["Payment", "BillingAddress", "TaxId", "Terms"].filter((name) => this.#isUnfinished(name));
    return hasEmail && hasAddress && unfinished.length === 0;
  }

  #isUnfinished(name) {
    const element = this.elements.get(name);
    const isFree = name === "Payment" && this.page.line_item_group.due === 0;
    return Boolean(element?.isMounted) && !isFree && !element.state.isComplete;
  }

  // Changes ----------------------------------------------------------------------------------------------------

  changed({ always = false } = {}) {
    if (!this.page) return;
    this.#tellAll("session", this.forFrames());
    const canConfirm = this.canConfirm();
    const mark = JSON.stringify([this.page, canConfirm]);
    if (!always && mark === this.lastMark) return;
    this.lastMark = mark;
    for (const listener of this.listeners) listener(this.view());
  }

  // One thing after the other, whatever became of the one before.
  inTurn(run) {
    const result = this.turn.then(run);
    this.turn = result.catch(() => {});
    return result;
  }

  queue(run) {
    return this.inTurn(() => run().catch((error) => this.#refused(error)));
  }

  async #refused(error) {
    if (!(error instanceof ApiTrouble)) throw error;
    if (NOT_ACTIVE.includes(error.code)) await this.reread().catch(() => {});
    return refusalOf(error);
  }

  async change(fields) {
    this.page = await this.call("POST", "", fields);
    this.changed();
  }

  async update(fields) {
    await this.change(fields);
    return this.success();
  }

  async refresh() {
    this.page = await this.call("POST", "/init");
    this.changed();
  }

  // Reads a session that may have ended, which init() refuses.
  async reread() {
    this.page = await this.call("GET", "");
    this.changed();
  }

  async call(method, action, fields = {}) {
    const answer = await this.controller.ask("call", { method, action, fields });
    if (answer.error) throw new ApiTrouble(answer.error);
    return answer.body;
  }

  // Elements ---------------------------------------------------------------------------------------------------

  helloFor(element, options) {
    return {
      key: this.key,
      options,
      appearance: this.appearance,
      fonts: this.fonts,
      session: this.page && this.forFrames(),
    };
  }

  forFrames() {
    return { page: this.page, hasAddressElement: Boolean(this.elements.get("BillingAddress")?.isMounted) };
  }

  #tellAll(name, data) {
    for (const element of this.elements.values()) element.tell(name, data);
  }

  forget(element) {
    for (const [name, known] of this.elements) if (known === element) this.elements.delete(name);
  }

  elementChanged(element, what) {
    if (what === "mount" && this.failure) setTimeout(() => element.fail(this.failure), LATE_MS);
    if (what !== "state" && this.page) this.#tellAll("session", this.forFrames());
    this.changed();
  }

  // A frame wants the session changed: a complete address, a currency, a tax id.
  elementActs(element, fields) {
    this.queue(() => this.update(fields)).then((result) => {
      if (result.type === "error") element.tell("refused", result.error);
    });
  }

  expressEvent(data) {
    return { ...data, paymentFailed: (failure = {}) => this.elements.get("ExpressCheckout")?.tell("failed", failure) };
  }

  // What has been typed and not told yet.
  async flushElements() {
    for (const element of this.elements.values()) {
      if (!element.isMounted) continue;
      const answer = await element.ask("flush");
      if (answer?.fields) await this.change(answer.fields);
    }
  }

  async validate({ isForConfirm = false } = {}) {
    const mounted = [...this.elements.values()].filter((element) => element.isMounted);
    if (!mounted.length && !isForConfirm) return refusal("There are no elements to validate.", "no_elements");
    const errors = [];
    for (const element of mounted) {
      const { message } = (await element.ask("validate", { isFirst: errors.length === 0 })) ?? {};
      if (message) errors.push({ element: this.#nameInErrors(element), message });
    }
    if (!errors.length) return this.success();
    return refusal(errors[0].message, "validation_error", { validation_errors: errors });
  }

  #nameInErrors(element) {
    return element.elementType === "address" ? "billingAddress" : element.elementType;
  }
}

const initCheckoutElementsSdk = (key) => (options = {}) => {
  const unknown = Object.keys(options).filter((name) => !OPTIONS.includes(name));
  if (unknown.length) throw new IntegrationError(`Unknown options of initCheckoutElementsSdk(): ${unknown.join(", ")}.`);
  if (!options.clientSecret) throw new IntegrationError("Pass clientSecret to initCheckoutElementsSdk().");
  return new ElementsSdk(key, options).face();
};
