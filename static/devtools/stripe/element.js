// One element of the SDK: its place in the shop's page, its frame, its events and its container's classes.

const STATES = ["complete", "empty", "focus", "invalid"];
const COMMON_EVENTS = ["ready", "focus", "blur", "escape", "loaderstart", "loaderror", "change"];

class SandboxElement {
  #kind;
  #owner;
  #options;
  #frame = null;
  #place = null;
  #isDestroyed = false;
  #handlers = [];

  // `kind`: see KINDS in elements.js; `owner` is the SDK that made it.
  constructor(kind, owner, options) {
    this.#kind = kind;
    this.#owner = owner;
    this.#options = options;
    this.state = { isReady: false, isComplete: false, isEmpty: true, value: null };
  }

  get isMounted() {
    return this.#frame !== null;
  }

  get elementType() {
    return this.#kind.elementType;
  }

  mount(place) {
    if (this.#isDestroyed) throw new IntegrationError("This Element has already been destroyed. Please create a new one.");
    const target = findPlace(place);
    if (this.#frame && this.#place === target) return;
    this.unmount();
    this.#place = target;
    this.#frame = new Frame(this.#kind.frame, {
      init: this.#owner.init,
      title: this.#kind.title,
      hello: () => this.#owner.helloFor(this, this.#options),
      onEvent: (name, data) => this.#heard(name, data),
    });
    target.replaceChildren(this.#frame.node);
    target.classList.add("StripeElement", "StripeElement--empty");
    this.#emit("loaderstart", {});
    this.#owner.elementChanged(this, "mount");
  }

  unmount() {
    this.#frame?.remove();
    this.#frame = null;
    this.state = { isReady: false, isComplete: false, isEmpty: true, value: null };
    this.#place?.classList.remove("StripeElement", ...STATES.map((name) => `StripeElement--${name}`));
    this.#place = null;
    this.#owner.elementChanged(this, "unmount");
  }

  destroy() {
    this.unmount();
    this.#isDestroyed = true;
    this.#owner.forget(this);
  }

  focus() {
    this.#frame?.node.focus();
    this.#frame?.tell("focus");
  }

  blur() {
    this.#frame?.tell("blur");
  }

  clear() {
    this.#frame?.tell("clear");
  }

  update(options = {}) {
    this.#options = { ...this.#options, ...options };
    this.#frame?.tell("options", this.#options);
    return this;
  }

  collapse() {
    this.#frame?.tell("collapse");
    return this;
  }

  async getValue() {
    return this.#frame ? this.#frame.ask("value") : { complete: false, isNewAddress: true, value: {} };
  }

  on(event, handler) {
    this.#add(event, handler, false);
    return this;
  }

  once(event, handler) {
    this.#add(event, handler, true);
    return this;
  }

  off(event, handler) {
    this.#handlers = this.#handlers.filter((known) => known.event !== event || (handler && known.handler !== handler));
    return this;
  }

  // For the SDK, not for the shop ---------------------------------------------------------------------------

  tell(name, data) {
    this.#frame?.tell(name, data);
  }

  ask(name, data) {
    return this.#frame ? this.#frame.ask(name, data) : Promise.resolve(null);
  }

  fail(error) {
    this.#emit("loaderror", { error });
  }

  #add(event, handler, isOnce) {
    if (typeof handler !== "function") throw new IntegrationError("Pass an event's name and a function.");
    if (![...COMMON_EVENTS, ...this.#kind.events].includes(event)) {
      throw new IntegrationError(`The ${this.#kind.elementType} element has no event "${event}".`);
    }
    this.#handlers.push({ event, handler, isOnce });
  }

  #emit(event, data) {
    const payload = { elementType: this.#kind.elementType, ...this.#kind.payload, ...data };
    for (const known of this.#handlers.filter((entry) => entry.event === event)) {
      if (known.isOnce) this.#handlers.splice(this.#handlers.indexOf(known), 1);
      known.handler(payload);
    }
  }

  #mark(name, isSo) {
    this.#place?.classList.toggle(`StripeElement--${name}`, isSo);
  }

  #heard(name, data) {
    if (name === "state") {
      Object.assign(this.state, data);
      this.#mark("complete", Boolean(data.isComplete));
      this.#mark("empty", Boolean(data.isEmpty));
      this.#mark("invalid", Boolean(data.isInvalid));
      this.#owner.elementChanged(this, "state");
      return;
    }
    if (name === "act") {
      this.#owner.elementActs(this, data);
      return;
    }
    if (name === "ready") this.state.isReady = true;
    if (name === "focus" || name === "blur") this.#mark("focus", name === "focus");
    this.#emit(name, name === "confirm" ? this.#owner.expressEvent(data) : data);
  }
}
