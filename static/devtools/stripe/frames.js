// Frames from the sandbox's origin: card data is typed there and never reaches the shop's page.

let lastInit = 0;
const newInitId = () => `init_${(lastInit += 1)}_${Math.random().toString(36).slice(2)}`;

class Frame {
  #init;
  #hello;
  #onEvent;
  #isListening = false;
  #unsent = [];
  #waiting = new Map();
  #lastNumber = 0;
  #listener = (event) => this.#hear(event);

  // `hello` is what the frame must know from the start, asked for each time it loads.
  constructor(kind, { init, title, hello, onEvent = () => {} }) {
    this.#init = init;
    this.#hello = hello;
    this.#onEvent = onEvent;
    this.node = document.createElement("iframe");
    this.node.name = `sandbox-${kind}`;
    this.node.title = title;
    this.node.src = `${origin}/elements/${kind}`;
    this.node.allow = "payment *";
    Object.assign(this.node.style, { width: "100%", height: "1px", border: "0", display: "block", colorScheme: "normal" });
    this.node.addEventListener("load", () => this.#post("hello", { data: this.#hello() }));
    window.addEventListener("message", this.#listener);
  }

  #post(type, more) {
    this.node.contentWindow?.postMessage({ source: SOURCE, init: this.#init, type, ...more }, origin);
  }

  tell(name, data) {
    if (this.#isListening) this.#post("tell", { name, data });
    else this.#unsent.push(["tell", { name, data }]);
  }

  // Resolves with the frame's answer, which is `{error}` where something was wrong.
  ask(name, data) {
    const number = (this.#lastNumber += 1);
    const answer = new Promise((resolve) => this.#waiting.set(number, resolve));
    const message = { number, name, data };
    if (this.#isListening) this.#post("ask", message);
    else this.#unsent.push(["ask", message]);
    return answer;
  }

  remove() {
    window.removeEventListener("message", this.#listener);
    this.node.remove();
    for (const resolve of this.#waiting.values()) resolve({ error: { message: "The element was removed." } });
    this.#waiting.clear();
  }

  #hear(event) {
    if (event.origin !== origin || event.source !== this.node.contentWindow) return;
    const message = event.data;
    if (!message || message.source !== SOURCE || message.init !== this.#init) return;
    if (message.type === "listening") {
      this.#isListening = true;
      this.#unsent.splice(0).forEach(([type, more]) => this.#post(type, more));
    } else if (message.type === "answer") {
      this.#waiting.get(message.number)?.(message.data);
      this.#waiting.delete(message.number);
    } else if (message.type === "resize" && Number.isFinite(message.data)) {
      this.node.style.height = `${Math.min(Math.max(message.data, 1), 10_000)}px`;
    } else if (message.type === "event") {
      this.#onEvent(message.name, message.data ?? {});
    }
  }
}

// A question lies over the whole page, in the browser's own dialog, which keeps the keyboard inside.
const askInDialog = async (kind, title, init, data) => {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", title);
  const style = { width: "min(26rem, calc(100vw - 2rem))", padding: "0", border: "0", borderRadius: "12px", overflow: "hidden" };
  Object.assign(dialog.style, style);
  let answered = () => {};
  const answer = new Promise((resolve) => (answered = resolve));
  const frame = new Frame(kind, {
    init,
    title,
    hello: () => data,
    onEvent: (name, result) => name === "answer" && answered(result),
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    answered({ result: "fail" }); // Escape is a refusal too
  });
  dialog.append(frame.node);
  document.body.append(dialog);
  dialog.showModal();
  frame.node.focus();
  const result = await answer;
  frame.remove();
  dialog.close();
  dialog.remove();
  return result;
};
