// Puts lists in order by dragging (mouse, finger, pen) and by arrow keys. parts.js saves what was done.
//
// [data-arrange] is a list of nothing but [data-item], each with data-name and a [data-handle]. The form [data-move] in
// an item saves its place; without one the list belongs to a larger form, which is told that it changed.
// [data-place] is a text that counts. data-first-is says what the first place means.
(() => {
  "use strict";

  const STEPS = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
  const EDGE = 72; // pixels from the window's edge where it scrolls
  const NEAR = 4; // pixels that make a press a drag
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const { enqueue, itemIn, jobs, tell } = window.parts;

  const itemsOf = (list) => [...list.children];
  const listOf = (item) => item.closest("[data-arrange]");
  const placeOf = (item) => itemsOf(listOf(item)).indexOf(item);
  const saved = new WeakMap(); // by list: its items as the shop knows them, once somebody moved one
  let drag = null;
  let began = null; // where an item stood when the first arrow key was pressed on it

  function placeWords(item) {
    const { firstIs } = listOf(item).dataset;
    const place = placeOf(item) + 1;
    return `place ${place} of ${itemsOf(listOf(item)).length}${place === 1 && firstIs ? `, ${firstIs}` : ""}`;
  }

  function say(item, before = "", after = "") {
    tell(`${before}${item.dataset.name}: ${placeWords(item)}.${after}`);
  }

  function count(list) {
    itemsOf(list).forEach((item, index) => {
      for (const text of item.querySelectorAll("[data-place]")) {
        text.textContent = index === 0 && text.dataset.first ? text.dataset.first : `${text.dataset.place} ${index + 1}`;
      }
    });
  }

  function putInOrder(list, items) {
    const focused = document.activeElement;
    list.append(...items);
    if (list.contains(focused)) focused.focus({ preventScroll: true }); // what is moved loses it
    count(list);
  }

  /** Move the neighbors, never the item: it keeps its focus and the pointer. */
  function step(item, change) {
    const list = listOf(item);
    const items = itemsOf(list);
    if (!saved.has(list)) saved.set(list, items);
    const from = items.indexOf(item);
    const to = Math.max(0, Math.min(items.length - 1, from + change));
    for (const other of items.slice(from + 1, to + 1)) slide(other, () => item.before(other));
    for (const other of items.slice(to, from).reverse()) slide(other, () => item.after(other));
    count(list);
    return to !== from;
  }

  function slide(node, change) {
    const before = node.getBoundingClientRect().top;
    change();
    if (isCalm.matches || !drag) return;
    const distance = before - node.getBoundingClientRect().top;
    node.animate([{ transform: `translateY(${distance}px)` }, { transform: "none" }], { duration: 140, easing: "ease-out" });
  }

  function save(item) {
    const list = listOf(item);
    const key = item.dataset.item;
    if (!item.querySelector("[data-move]")) {
      list.dispatchEvent(new Event("input", { bubbles: true }));
      say(item, "", " Save the page to keep it.");
      return;
    }
    const partId = list.closest("[data-part]").id;
    const position = placeOf(item) + 1;
    const prepare = (part) => {
      const form = itemIn(part, key)?.querySelector("[data-move]");
      if (!form) return null;
      const data = new FormData(form);
      data.set("position", position);
      return { form, data };
    };
    const words = `Saved. ${item.dataset.name}: ${placeWords(item)}.`;
    const waiting = jobs.at(-1);
    if (waiting?.key === key && waiting.partId === partId) Object.assign(waiting, { prepare, words });
    else enqueue({ partId, key, prepare, words });
  }

  window.parts.whenFree = async () => {
    while (drag) await drag.ended;
  };

  /** More moves wait: keep what is seen, and let them say that they know of the one that was saved. */
  window.parts.onAnswer = (part, fresh) => {
    const digest = fresh.querySelector('[name="shown-order"]')?.value ?? "";
    for (const field of part.querySelectorAll('[name="shown-order"]')) field.value = digest;
    const [list, other] = [part, fresh].map((node) => node.querySelector("[data-arrange]"));
    if (list && other) saved.set(list, itemsOf(other).map((item) => itemIn(part, item.dataset.item)).filter(Boolean));
  };

  window.parts.onFailure = (part) => {
    const list = part.querySelector("[data-arrange]");
    if (list && saved.has(list)) putInOrder(list, saved.get(list));
  };

  // Keys

  document.addEventListener("focusin", (event) => {
    if (began && event.target.closest("[data-item]")?.dataset.item !== began.key) began = null;
  });

  document.addEventListener("keydown", (event) => {
    if (drag) {
      if (event.key === "Escape") endDrag(false);
      return;
    }
    const item = event.target.closest?.("[data-handle]")?.closest("[data-item]");
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const isBack = event.key === "Escape" && began?.key === item.dataset.item;
    const change = isBack ? began.place - placeOf(item) : STEPS[event.key];
    if (change === undefined) return;
    event.preventDefault();
    if (began?.key !== item.dataset.item) began = { key: item.dataset.item, place: placeOf(item) };
    const isMoved = step(item, change);
    item.scrollIntoView({ block: "nearest" });
    say(item, isBack ? "Put back. " : "");
    if (isMoved) save(item);
  });

  // Pointers

  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.("[data-handle]");
    if (!handle || !event.isPrimary || event.button !== 0 || drag) return;
    const item = handle.closest("[data-item]");
    handle.setPointerCapture(event.pointerId);
    let resolve;
    const ended = new Promise((done) => (resolve = done));
    const { pointerId: pointer, clientY: start } = event;
    const list = listOf(item);
    drag = { item, handle, list, before: itemsOf(list), pointer, start, y: start, shift: 0, ended, resolve };
  });

  document.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    drag.y = event.clientY;
    if (!drag.note && Math.abs(drag.y - drag.start) > NEAR) beginDrag();
    if (drag.note) follow();
  });

  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    document.addEventListener(name, (event) => {
      if (event.pointerId === drag?.pointer) endDrag(name === "pointerup");
    });
  }

  document.addEventListener("contextmenu", (event) => {
    if (drag) event.preventDefault(); // a long press on a phone
  });

  /** Where an item lies in the window, whatever moves it for the eye. */
  function topOf(item) {
    if (item === drag.item) return item.getBoundingClientRect().top - drag.shift;
    const above = item.offsetParent === drag.list ? 0 : drag.list.offsetTop;
    return drag.list.getBoundingClientRect().top + item.offsetTop - above;
  }

  function mark(isOn) {
    document.documentElement.classList.toggle("is-dragging", isOn);
    drag.list.classList.toggle("is-arranging", isOn);
    drag.item.classList.toggle("is-dragged", isOn);
  }

  function beginDrag() {
    const { item, handle, start } = drag;
    const top = () => handle.getBoundingClientRect().top;
    const before = top();
    drag.note = document.createElement("span");
    drag.note.className = "place-note";
    drag.note.setAttribute("aria-hidden", "true"); // the live region says it
    handle.after(drag.note);
    handle.focus({ preventScroll: true });
    mark(true);
    scrollBy({ top: top() - before, behavior: "instant" }); // the list may have shrunk
    drag.grab = start - before + top() - topOf(item);
    sayPlace();
    requestAnimationFrame(scrollNearEdges);
  }

  function sayPlace() {
    const words = placeWords(drag.item);
    drag.note.textContent = words[0].toUpperCase() + words.slice(1);
    say(drag.item);
  }

  function follow() {
    const { item, list, y, grab } = drag;
    const isPast = (other, sign) => other && sign * (y - topOf(other) - other.offsetHeight / 2) > 0;
    const place = placeOf(item);
    while (isPast(item.nextElementSibling, 1)) step(item, 1);
    while (isPast(item.previousElementSibling, -1)) step(item, -1);
    if (placeOf(item) !== place) sayPlace();
    const { top, bottom } = list.getBoundingClientRect();
    const wanted = Math.max(top, Math.min(bottom - item.offsetHeight, y - grab));
    drag.shift = wanted - topOf(item);
    item.style.transform = `translateY(${drag.shift}px)`;
  }

  function scrollNearEdges() {
    if (!drag?.note) return;
    const speed = Math.max(0, drag.y - (innerHeight - EDGE)) - Math.max(0, EDGE - drag.y);
    if (speed) {
      scrollBy({ top: speed / 4, behavior: "instant" });
      follow();
    }
    requestAnimationFrame(scrollNearEdges);
  }

  function endDrag(isDropped) {
    const { item, list, handle, before, note, resolve } = drag;
    if (note) {
      note.remove();
      mark(false);
      item.style.removeProperty("transform");
    }
    drag = null;
    resolve();
    if (!note) return;
    const isMoved = itemsOf(list).some((other, place) => other !== before[place]);
    if (!isDropped) putInOrder(list, before);
    handle.focus({ preventScroll: true });
    item.scrollIntoView({ block: "nearest" });
    say(item, isDropped ? "" : "Put back. ");
    if (isDropped && isMoved) save(item);
  }
})();
