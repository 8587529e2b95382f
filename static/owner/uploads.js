// Sends release files in pieces (tus 1.0): with progress, pauses, and on where it was after whatever went wrong.

const PIECE = 8 * 1024 * 1024;
const WAITS = [1, 2, 4, 8, 15, 30]; // seconds between tries
const FINAL = new Set([400, 403, 404, 409, 410, 412, 413, 415, 507]); // trying again by itself would change nothing
const token = document.querySelector('meta[name="csrf-token"]').content;
const HEADERS = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token, Accept: "application/json" };
const SIGNED_OUT = "You’re signed out. Sign in in another tab, then continue here: nothing is lost.";

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const inBase64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

function inWords(bytes) {
  const [amount, unit] = bytes < 999.5e6 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${unit}`;
}

function timeInWords(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min left`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min left`;
}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function send(method, url, { headers = {}, body = null, onProgress = null, onStart = null } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) request.setRequestHeader(name, value);
    if (onProgress) request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      if (new URL(request.responseURL).pathname === "/admin/sign-in") reject(new Refused(401, SIGNED_OUT));
      else resolve(request);
    });
    for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => reject(new Refused(0, "")));
    if (onStart) onStart(request);
    request.send(body);
  });
}

function sentenceOf(request) {
  try {
    return JSON.parse(request.responseText).error.message;
  } catch {
    if (request.status === 413) return "The proxy in front of the shop refuses pieces of 8 MB: docs/nginx.md has the line that lets them through.";
    return `The shop answered with ${request.status}.`;
  }
}

function demand(request, ...statuses) {
  if (!statuses.includes(request.status)) throw new Refused(request.status, sentenceOf(request));
  return request;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function button(words, about, run) {
  const made = element("button", "button button-small", words);
  made.type = "button";
  made.append(element("span", "hidden-text", ` ${about}`));
  made.addEventListener("click", run);
  return made;
}

/** What is seen of one file: its bar, its figures, its buttons. */
class Row {
  constructor(list, file, version) {
    this.box = element("li", "sending-file");
    const name = element("p");
    name.append(element("span", "file-name", file.name), " ", element("span", "tag", version));
    this.bar = element("progress");
    this.bar.max = 1;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", `Upload of ${file.name}`);
    this.facts = element("p", "quiet sending-facts", "Waits for its turn.");
    this.buttons = element("p", "person-actions");
    this.box.append(name, this.bar, this.facts, this.buttons);
    list.append(this.box);
  }

  say(text, kind = "") {
    this.facts.textContent = text;
    this.box.classList.toggle("is-bad", kind === "bad");
    this.box.classList.toggle("is-done", kind === "done");
  }
}

class Upload {
  constructor(page, file, version) {
    Object.assign(this, { page, file, version, url: null, offset: 0, tries: 0 });
    Object.assign(this, { isPaused: false, isCanceled: false, isRefused: false });
    this.row = new Row(page.list, file, version);
    this.samples = [];
    this.wake = () => {};
    this.pauseButton = button("Pause", `the upload of ${file.name}`, () => this.pause());
    this.goButton = button("Continue", `the upload of ${file.name}`, () => this.goOn());
    this.cancelButton = button("Cancel", `the upload of ${file.name}`, () => this.cancel());
    this.show(this.cancelButton);
  }

  /** A button that stays is not touched: one that is taken out and put back at that moment loses its click. */
  show(...buttons) {
    const { buttons: box } = this.row;
    const focused = box.contains(document.activeElement);
    for (const shown of [...box.children]) if (!buttons.includes(shown)) shown.remove();
    for (const [place, wanted] of buttons.entries()) {
      if (box.children[place] !== wanted) box.insertBefore(wanted, box.children[place] ?? null);
    }
    if (focused && buttons.length && !box.contains(document.activeElement)) buttons[0].focus();
  }

  pause() {
    this.isPaused = true;
    this.goButton.firstChild.data = "Continue";
    if (this.request) this.request.abort();
    this.row.say(`Paused at ${inWords(this.offset)} of ${inWords(this.file.size)}.`);
    this.show(this.goButton, this.cancelButton);
    this.page.tell(`${this.file.name} is paused.`);
  }

  goOn() {
    this.tries = 0;
    if (this.isRefused) {
      this.isRefused = false;
      this.page.enqueue(this);
      return;
    }
    this.isPaused = false;
    this.wake();
  }

  async cancel() {
    this.isCanceled = true;
    if (this.request) this.request.abort();
    this.wake();
    if (this.url) await send("DELETE", this.url).catch(() => null);
    this.row.box.remove();
    this.page.tell(`The upload of ${this.file.name} is canceled.`);
  }

  /** Until it is in its release, refused or canceled: what is refused holds up no other file. */
  async run() {
    while (!this.isCanceled && !this.isRefused) {
      if (this.isPaused) {
        await new Promise((resolve) => (this.wake = resolve));
        continue;
      }
      try {
        this.show(this.pauseButton, this.cancelButton);
        if (this.url) await this.look();
        else await this.begin();
        if (await this.sendAll()) return true;
      } catch (problem) {
        if (!(problem instanceof Refused)) throw problem;
        await this.waitAfter(problem);
      }
    }
    return false;
  }

  async begin() {
    const fields = {
      product: this.page.product,
      version: this.version,
      filename: this.file.name,
      modified: String(this.file.lastModified),
    };
    const metadata = Object.entries(fields).map(([name, value]) => `${name} ${inBase64(value)}`);
    const headers = { "Upload-Length": String(this.file.size), "Upload-Metadata": metadata.join(",") };
    const answer = demand(await send("POST", "/admin/uploads", { headers }), 201);
    this.url = answer.getResponseHeader("Location");
    this.offset = Number(answer.getResponseHeader("Upload-Offset"));
    this.page.forgetRow(this.url);
  }

  /** What the shop has: a lost answer, or another window, may have brought it on. */
  async look() {
    for (;;) {
      const state = JSON.parse(demand(await send("GET", this.url), 200).responseText);
      this.offset = state.offset;
      this.isFinished = state.state === "finished";
      if (state.state !== "storing" || state.offset < state.size || this.isCanceled) return;
      this.row.say("Everything is here. It is being put into the release…");
      await sleep(2);
    }
  }

  async sendAll() {
    while (!this.isFinished) {
      if (this.isPaused || this.isCanceled) return false;
      const piece = this.file.slice(this.offset, this.offset + PIECE);
      const isLast = this.offset + piece.size === this.file.size;
      const answer = await send("PATCH", this.url, {
        headers: { "Upload-Offset": String(this.offset), "Content-Type": "application/offset+octet-stream" },
        body: piece,
        onStart: (request) => (this.request = request),
        onProgress: (loaded) => this.progress(this.offset + loaded, isLast && loaded === piece.size),
      });
      const offset = answer.getResponseHeader("Upload-Offset");
      if (answer.status === 409 && offset !== null && Number(offset) !== this.offset + piece.size) {
        this.offset = Number(offset);
        continue;
      }
      demand(answer, 204);
      this.offset = Number(offset);
      this.tries = 0;
      this.isFinished = isLast;
    }
    this.row.bar.value = 1;
    this.row.say(`In the draft ${this.version}.`, "done");
    this.show();
    return true;
  }

  async waitAfter(problem) {
    if (this.isCanceled || this.isPaused) return;
    const isWhole = this.url && this.offset === this.file.size;
    if (problem.status === 401 || FINAL.has(problem.status) || (isWhole && problem.status === 503)) {
      if (problem.status === 401) this.isPaused = true;
      else this.isRefused = true;
      this.row.say(problem.message, "bad");
      this.goButton.firstChild.data = this.url && !isWhole ? "Continue" : "Try again";
      this.show(this.goButton, this.cancelButton);
      this.page.tell(`${this.file.name}: ${problem.message}`);
      return;
    }
    const seconds = WAITS[Math.min(this.tries, WAITS.length - 1)];
    const why = problem.message || "The connection is lost.";
    if (this.tries === 0) this.page.tell(`${why} The upload goes on by itself.`);
    this.tries += 1;
    this.row.say(`${why} Trying again in ${seconds} s; ${inWords(this.offset)} are safe.`, "bad");
    await Promise.race([sleep(seconds), new Promise((resolve) => (this.wake = resolve))]);
  }

  progress(sent, isAllSent) {
    const now = performance.now();
    this.samples.push([now, sent]);
    while (this.samples.length > 2 && now - this.samples[0][0] > 8000) this.samples.shift();
    const [start, from] = this.samples[0];
    const speed = now - start > 500 && sent > from ? ((sent - from) / (now - start)) * 1000 : 0;
    const share = sent / this.file.size;
    this.row.bar.value = share;
    const facts = [`${inWords(sent)} of ${inWords(this.file.size)}`];
    if (speed) facts.push(`${inWords(speed)}/s`, timeInWords((this.file.size - sent) / speed));
    this.row.say(isAllSent ? "Everything is here. It is being put into the release…" : facts.join(" · "));
    this.page.progress(this, share);
  }
}

class Page {
  constructor(box) {
    this.box = box;
    this.product = box.dataset.product;
    this.form = box.querySelector("[data-upload-form]");
    this.list = box.querySelector("[data-upload-list]");
    this.live = box.querySelector("[data-upload-live]");
    this.version = this.form.elements.version;
    this.files = this.form.elements.files;
    this.title = document.title;
    this.queue = Promise.resolve();
    this.running = 0;
    this.open = [];
    box.querySelectorAll("[data-with-script]").forEach((part) => (part.hidden = false));
    box.querySelectorAll("[data-without-script]").forEach((part) => (part.hidden = true));
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.files.addEventListener("change", () => this.recognize());
    window.addEventListener("beforeunload", (event) => {
      if (this.running) event.preventDefault();
    });
    this.askOpen();
  }

  tell(text) {
    this.live.textContent = text;
  }

  async askOpen() {
    const answer = await send("GET", `/admin/uploads?product=${encodeURIComponent(this.product)}`).catch(() => null);
    if (answer && answer.status === 200) this.open = JSON.parse(answer.responseText).uploads;
  }

  /** A file that was begun before needs no version typed again. */
  recognize() {
    const known = [...this.files.files].map((file) =>
      this.open.find((begun) => begun.filename === file.name.normalize("NFC") && begun.size === file.size && begun.modified === file.lastModified),
    );
    const begun = known.find(Boolean);
    if (!begun) return;
    if (!this.version.value) this.version.value = begun.version;
    const percent = Math.floor((begun.offset / begun.size) * 100);
    this.tell(`${begun.filename} was begun before, and goes on at ${percent} percent.`);
  }

  submit(event) {
    event.preventDefault();
    const version = this.version.value.trim();
    if (!version || !this.files.files.length) return;
    this.list.hidden = false;
    const uploads = [...this.files.files].map((file) => new Upload(this, file, version));
    this.files.value = "";
    uploads.forEach((upload) => this.enqueue(upload));
  }

  /** One after the other: together they would only share the line. */
  enqueue(upload) {
    this.running += 1;
    this.queue = this.queue.then(() => this.runOne(upload));
  }

  async runOne(upload) {
    this.percentTold = 0;
    const isThere = await upload.run();
    this.running -= 1;
    if (!this.running) document.title = this.title;
    if (!isThere) return;
    this.tell(`${upload.file.name} is in the draft ${upload.version}.`);
    await this.refreshReleases();
  }

  /** For the ears each tenth, for the eyes in the tab as well. */
  progress(upload, share) {
    const percent = Math.floor(share * 100);
    document.title = `${percent} % · ${this.title}`;
    const tenth = percent - (percent % 10);
    if (tenth > this.percentTold) {
      this.percentTold = tenth;
      this.tell(`${upload.file.name}: ${tenth} percent.`);
    }
  }

  async refreshReleases() {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-releases]");
    if (fresh) document.querySelector("[data-releases]").replaceWith(fresh);
  }

  /** It is shown above now. */
  forgetRow(url) {
    const row = this.box.querySelector(`[data-upload-row="${url}"]`);
    if (row) row.remove();
    const rest = this.box.querySelector("[data-upload-open]");
    if (rest && !rest.querySelector("[data-upload-row]")) rest.remove();
  }
}

document.querySelectorAll("[data-uploads]").forEach((box) => new Page(box));
