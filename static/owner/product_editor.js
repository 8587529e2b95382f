// The product editor: live preview, a word on what is not saved, Ctrl+S, and typed text that survives the browser.
"use strict";

const form = document.querySelector("[data-editor]");
if (form) {
  const KEY = `${document.body.dataset.drafts}${form.dataset.editor}`; // of who is signed in: others find nothing of it
  const WAIT_MS = 500;
  const SIGNED_OUT = "You’re signed out. Sign in in another tab, then go on here. What you type is kept in this browser.";
  const status = form.querySelector("[data-unsaved]");
  const preview = document.querySelector("[data-live-preview]");
  let frame = preview.querySelector("iframe");
  const fields = () => [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");
  const typed = () => JSON.stringify(fields().map((field) => [field.name, field.value]));
  const digests = () => JSON.stringify([...form.querySelectorAll("[name^=shown-]")].map((field) => field.value));
  const saved = "refused" in form.dataset ? null : typed();
  let isLeaving = false;
  let timer = 0;
  let shows = 0;

  const isUnsaved = () => typed() !== saved;

  const keep = () => {
    try {
      if (isUnsaved()) {
        localStorage.setItem(KEY, JSON.stringify({ digests: digests(), typed: typed() }));
        status.textContent = "Not saved yet. Kept in this browser.";
      } else {
        localStorage.removeItem(KEY);
      }
    } catch {
      // A browser that keeps nothing still has the warning before it leaves.
    }
  };

  const tell = () => {
    status.textContent = isUnsaved() ? "Not saved yet" : "";
  };

  const sayWhy = async () => {
    const page = await fetch("/admin").catch(() => null);
    if (!page) status.textContent = "The connection is lost: the preview is old. What you type is kept in this browser.";
    else if (new URL(page.url).pathname === "/admin/sign-in") status.textContent = SIGNED_OUT;
    else status.textContent = "The preview is old: the shop could not show it. What you type is kept in this browser.";
  };

  // A new frame each time: a frame that goes from page to page would fill the history that "back" walks through.
  const show = () => {
    const [before, next] = [frame, frame.cloneNode()];
    frame = next;
    next.name = `preview-${(shows += 1)}`;
    next.classList.add("is-loading");
    before.after(next);
    next.addEventListener("load", () => {
      if (!next.contentDocument) { // a page that the browser blocked, such as the sign-in
        next.remove();
        frame = preview.querySelector("iframe:last-of-type");
        sayWhy();
        return;
      }
      const top = before.contentDocument?.defaultView.scrollY ?? 0;
      while (next.previousElementSibling?.matches("iframe")) next.previousElementSibling.remove();
      next.classList.remove("is-loading");
      next.contentDocument.defaultView.scrollTo(0, top);
    }, { once: true });
    const [action, target] = [form.action, form.target];
    form.action = next.dataset.src;
    form.target = next.name;
    form.submit();
    form.action = action;
    form.target = target;
  };

  const countLetters = (field) => {
    const hint = document.getElementById(`${field.id}-left`) ?? field.insertAdjacentElement("afterend", document.createElement("p"));
    hint.id = `${field.id}-left`;
    hint.className = "hint";
    const left = Number(field.dataset.most) - [...field.value.trim()].length;
    hint.textContent = left < 0 ? `${-left} too many` : left < Number(field.dataset.most) / 5 ? `${left} left` : "";
  };

  const bringBack = () => {
    let kept = null;
    try {
      kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    } catch {
      return;
    }
    // What was kept over another text is saved by now, or overtaken: it must not wait for the old text to come back.
    if (kept && saved !== null && kept.digests !== digests()) localStorage.removeItem(KEY);
    // Only over the same saved text: after a save elsewhere the old words could win without a question.
    if (!kept || kept.digests !== digests() || kept.typed === saved) return;
    const values = JSON.parse(kept.typed);
    if (values.length !== fields().length) return;
    fields().forEach((field, place) => { field.value = values[place][1]; });
    status.textContent = "What you typed before is back. It is not saved yet.";
  };

  bringBack();
  if (saved === null) tell();
  preview.hidden = false;
  document.querySelector("[data-preview-button]").hidden = true;
  show();
  form.addEventListener("input", (event) => {
    tell();
    if (event.target.dataset.most) countLetters(event.target);
    clearTimeout(timer);
    timer = setTimeout(() => { keep(); show(); }, WAIT_MS);
  });
  addEventListener("submit", (event) => {
    if (event.target !== form || event.defaultPrevented) return; // unsaved.js asks before, and may stay
    isLeaving = true;
    keep();
  });
  addEventListener("beforeunload", (event) => {
    if (isUnsaved() && !isLeaving) event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("button[type=submit]"));
    }
  });
  for (const button of preview.querySelectorAll("[data-preview-width]")) {
    button.addEventListener("click", () => {
      preview.dataset.width = button.dataset.previewWidth;
      for (const other of preview.querySelectorAll("[data-preview-width]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
    });
  }
}

document.querySelector("[data-first-error]")?.focus();
