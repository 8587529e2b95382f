// Sends forms of a part of the page without leaving it, and takes files that are dropped there.
//
// [data-part] has an id and is shown anew from the answer, which is the whole page; what was typed in it stays.
// Its forms: [data-move] saves a place (arrange.js), [data-save] what was typed, [data-send] sends files. [data-drop] takes
// files for [data-send].
(() => {
  "use strict";

  const SIGNED_OUT = "You’re signed out. Sign in in another tab, then do it again here.";
  const NO_ANSWER = "The connection is lost. Reload the page to see what was saved.";

  const live = document.createElement("p");
  live.className = "hidden-text";
  live.setAttribute("role", "status");
  document.querySelector("main").append(live);

  const itemIn = (part, key) => part.querySelector(`[data-item="${CSS.escape(key)}"]`);
  const megabytes = (bytes) => `${Math.floor(bytes / 1e6)} MB`;

  function tell(text) {
    live.textContent = text;
  }

  /** For eyes and ears. */
  function note(part, text, isBad = false) {
    tell(text);
    const line = part.querySelector("[data-note]");
    line.textContent = text;
    line.classList.toggle("is-bad", isBad);
  }

  function showProblem(part, text) {
    const problem = part.querySelector("[data-problem]");
    problem.textContent = text;
    problem.hidden = !text;
  }

  function reveal(node) {
    for (const hidden of node.querySelectorAll("[data-handle], [data-arrange-hint], [data-with-drop]")) hidden.hidden = false;
  }

  function post(form, data, onProgress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.getAttribute("action"));
      request.responseType = "document";
      if (onProgress) request.upload.addEventListener("progress", onProgress);
      request.addEventListener("error", () => reject(new Error(NO_ANSWER)));
      request.addEventListener("load", () => {
        if (new URL(request.responseURL).pathname === "/admin/sign-in") reject(new Error(SIGNED_OUT));
        else resolve(request.responseXML);
      });
      request.send(data);
    });
  }

  /** Of forms: a browser that was restarted has another. What is typed here would be lost with a reload. */
  async function renewTokens(data) {
    const answer = await fetch("/admin").then((page) => page.text()).catch(() => "");
    const token = new DOMParser().parseFromString(answer, "text/html").querySelector("meta[name=csrf-token]")?.content;
    if (!token) return false;
    for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = token;
    data.set("csrf_token", token);
    return true;
  }

  // One after the other: the next form carries what the answer before it showed.
  const jobs = [];
  let isSending = false;

  /** `prepare` gets the part as it is then, and returns a form and its data. Resolves when it is answered. */
  function enqueue(job) {
    const done = new Promise((resolve) => jobs.push({ ...job, resolve }));
    if (!isSending) sendAll();
    return done;
  }

  async function sendAll() {
    isSending = true;
    while (jobs.length) {
      const job = jobs.shift();
      await sendOne(job);
      job.resolve();
    }
    isSending = false;
  }

  /** What waits would be done to something that nobody has seen. */
  function forget() {
    for (const job of jobs.splice(0)) job.resolve();
  }

  const isWrong = (root) => root.querySelector('main :is([data-first-error], [aria-invalid="true"])') !== null;

  /** Of the answer, without what it says of an error: the rest of this page may be wrong still, or be right. */
  const titleOf = (page) => (isWrong(page) ? page.title.replace("Error: ", "") : page.title);

  async function sendOne({ partId, key, prepare, words, onProgress }) {
    const part = () => document.getElementById(partId);
    const sent = prepare(part());
    if (!sent) return;
    part().setAttribute("aria-busy", "true");
    try {
      let page = await post(sent.form, sent.data, onProgress);
      if (!page?.getElementById(partId) && sent.form.matches("[data-save]") && await renewTokens(sent.data)) page = await post(sent.form, sent.data);
      const fresh = page?.getElementById(partId);
      if (!fresh) throw new Error(page?.querySelector("main .lead")?.textContent ?? NO_ANSWER);
      const refusal = fresh.querySelector("[data-first-error]");
      const title = titleOf(page); // as long as the part is in it
      if (refusal) forget();
      await window.parts.whenFree();
      if (jobs.length) window.parts.onAnswer(part(), fresh);
      else show(part(), fresh, { key, refusal, sent });
      document.title = isWrong(document) ? `Error: ${title}` : title;
      const notice = page.querySelector(".notices")?.textContent.trim();
      if (refusal) tell(refusal.textContent.trim());
      else note(part(), words || notice || "Saved.");
    } catch (problem) {
      forget();
      part().removeAttribute("aria-busy");
      await window.parts.whenFree();
      window.parts.onFailure(part());
      if (onProgress) showProblem(part(), problem.message);
      else note(part(), problem.message, true);
    }
  }

  /** Sent and taken: not what was typed while it was on its way. Files of a refusal were taken in part. */
  function isDone(field, { form, data }, refusal) {
    if (field.form?.getAttribute("action") !== form.getAttribute("action")) return false;
    return field.type === "file" || (!refusal && data.get(field.name) === field.value);
  }

  /** What is unlike what the shop sent; what it refused is not saved either. */
  function carry(field, other) {
    if (field.type === "file") {
      if (field.files.length) other.files = field.files;
    } else if (field.type === "checkbox" || field.type === "radio") {
      if (field.checked !== field.defaultChecked) other.checked = field.checked;
    } else if (field.options) {
      if ([...field.options].some((option) => option.selected !== option.defaultSelected)) other.value = field.value;
    } else if (field.value !== field.defaultValue || field.getAttribute("aria-invalid") === "true") {
      other.value = field.value;
    }
  }

  /** Put the answer's part in place of the old one: what was typed, opened and focused there stays, unless it was sent. */
  function show(part, answer, { key, refusal, sent }) {
    const focused = part.contains(document.activeElement) ? document.activeElement : null;
    const fresh = document.adoptNode(answer);
    for (const kept of part.querySelectorAll("[data-keep]")) {
      fresh.querySelector(`[data-keep="${kept.dataset.keep}"]`)?.replaceWith(kept);
    }
    for (const field of part.querySelectorAll("input[id], select[id], textarea[id]")) {
      const other = fresh.querySelector(`#${CSS.escape(field.id)}`);
      if (other && !isDone(field, sent, refusal)) carry(field, other);
    }
    for (const details of part.querySelectorAll("[data-item] details[open]")) {
      itemIn(fresh, details.closest("[data-item]").dataset.item)?.querySelector("details")?.setAttribute("open", "");
    }
    reveal(fresh);
    part.replaceWith(fresh);
    if (refusal) refusal.focus();
    else if (focused) focusAgain(fresh, key ?? focused.closest("[data-item]")?.dataset.item, focused);
  }

  /** Focus what had it. A button that is gone, because the end of the list is reached, leaves it to the handle. */
  function focusAgain(part, key, focused) {
    const item = key ? itemIn(part, key) : null;
    const isSame = (node) => (focused.id ? node.id === focused.id : nameOf(node) === nameOf(focused));
    const same = [...(item ?? part).querySelectorAll("button, input")].find(isSame);
    (same ?? item?.querySelector("[data-handle]"))?.focus({ preventScroll: true });
    if (same && focused.type === "text") same.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }

  const nameOf = (node) => ("handle" in node.dataset ? "handle" : `${node.name} ${node.firstChild?.textContent}`);

  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-move], form[data-save], form[data-send]");
    const part = form?.closest("[data-part]");
    if (!part) return;
    event.preventDefault();
    const data = new FormData(form, event.submitter);
    if (form.matches("[data-send]")) sendFiles(part, form, data);
    else enqueue({ partId: part.id, prepare: () => ({ form, data }) });
  });

  async function sendFiles(part, form, data) {
    const files = data.getAll("files").filter((file) => file.name);
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const most = Number(form.dataset.mostBytes);
    if (bytes > most) {
      showProblem(part, `Together they have ${megabytes(bytes)}, and ${megabytes(most)} fit at once: add fewer at a time.`);
      return;
    }
    showProblem(part, "");
    const button = form.querySelector("button[type=submit]");
    const label = button.textContent;
    const onProgress = ({ loaded, total }) => {
      button.textContent = loaded < total ? `Sending ${Math.floor((loaded / total) * 100)} %` : "Adding…";
    };
    const hadFocus = document.activeElement === button; // a button that is disabled loses it
    button.disabled = true;
    tell(`Adding ${files.length === 1 ? files[0].name : `${files.length} files`}.`);
    await enqueue({ partId: part.id, prepare: () => ({ form, data }), onProgress });
    button.disabled = false; // where the part was not shown anew
    button.textContent = label;
    if (hadFocus && [document.body, button].includes(document.activeElement)) focusSending(part.id, form);
  }

  /** The button of the same form, which may have been shown anew with its part. */
  function focusSending(partId, form) {
    const forms = [...document.querySelectorAll(`#${CSS.escape(partId)} form[data-send]`)];
    const same = forms.find((other) => other.getAttribute("action") === form.getAttribute("action"));
    same?.querySelector("button[type=submit]")?.focus({ preventScroll: true });
  }

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && document.querySelector("[data-drop]");
  const dropPart = (event) => event.target.closest?.("[data-drop]");

  function mark(part) {
    for (const other of document.querySelectorAll("[data-drop]")) other.classList.toggle("is-target", other === part);
  }

  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // beside the parts, too: the browser would leave the page for the file
    event.dataTransfer.dropEffect = dropPart(event) ? "copy" : "none";
    mark(dropPart(event));
  });

  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(null);
  });

  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(null);
    const part = dropPart(event);
    if (!part) return;
    if ([...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory)) {
      showProblem(part, "A folder cannot be added: drop the files that are in it.");
      return;
    }
    const form = part.querySelector("form[data-send]");
    form.querySelector("input[type=file]").files = event.dataTransfer.files;
    if (isSending) showProblem(part, "Other files are on their way. These are chosen: add them in a moment.");
    else form.requestSubmit(); // the browser says what else the form wants
  });

  window.parts = { enqueue, itemIn, jobs, tell, whenFree: async () => {}, onAnswer: () => {}, onFailure: () => {} };
  reveal(document);
})();
