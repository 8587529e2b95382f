// What a page says of what was just done: read out, and in view where the address leads to a part of the page.
// Without waiting for pictures: until they are here, somebody may have typed or gone elsewhere.
(() => {
  "use strict";

  const READY_MS = 400; // screen readers watch for changes by then, and the browser has gone to the part

  const notices = document.querySelector("main > .notices");
  const isLong = !notices.matches(".notices-short");
  let from = null; // where somebody began to move: the browser goes to the part by itself

  /** Put it in again: what a live region has from the start is not read out. */
  function readOut() {
    if (notices.contains(document.activeElement)) return;
    notices.replaceChildren(...[...notices.children].map((each) => each.cloneNode(true)));
  }

  function begin() {
    from ??= scrollY;
  }

  /** It is old news to who types, or is elsewhere by now. */
  function leave() {
    begin();
    notices.classList.remove("notices-short");
    removeEventListener("scroll", leaveFar);
  }

  function leaveFar() {
    if (from !== null && Math.abs(scrollY - from) > innerHeight) leave();
  }

  for (const type of ["keydown", "pointerdown", "wheel"]) addEventListener(type, begin, { once: true, passive: true });
  addEventListener("input", leave, { once: true });
  addEventListener("scroll", leaveFar, { passive: true });
  addEventListener("load", () => setTimeout(begin, READY_MS)); // whatever moves it from here on

  setTimeout(() => {
    readOut();
    const isElsewhere = from === null && document.querySelector("main :target");
    if (isLong && isElsewhere) notices.scrollIntoView({ block: "nearest" }); // too long to stand over the page
  }, READY_MS);
})();
