// What a page says of what was just done: read out, and in view where the address leads to a part of the page.
(() => {
  "use strict";

  const LOADED_MS = 400; // screen readers watch for changes by then

  const notices = document.querySelector("main > .notices");
  const target = () => document.querySelector("main :target");

  /** Put it in again: what a live region has from the start is not read out. */
  function readOut() {
    if (notices.contains(document.activeElement)) return;
    notices.replaceChildren(...[...notices.children].map((each) => each.cloneNode(true)));
  }

  /** It is old news to who types, or is elsewhere by now. */
  function leaveInTime() {
    const start = scrollY;
    const leave = () => {
      notices.classList.remove("notices-short");
      removeEventListener("input", leave);
      removeEventListener("scroll", leaveFar);
    };
    const leaveFar = () => {
      if (Math.abs(scrollY - start) > innerHeight) leave();
    };
    addEventListener("input", leave);
    addEventListener("scroll", leaveFar, { passive: true });
  }

  addEventListener("load", () => setTimeout(() => {
    readOut();
    if (notices.matches(".notices-short")) leaveInTime();
    else if (target()) notices.scrollIntoView({ block: "nearest" }); // too long to stand over the page
  }, LOADED_MS));
})();
