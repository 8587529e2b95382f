// The pictures of a product: small ones choose, one opens large in a dialog. Without this script each is a link.
(() => {
  "use strict";
  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const gallery = document.querySelector("[data-gallery]");
  if (!gallery || !window.HTMLDialogElement) return;
  const strip = gallery.querySelector("[data-strip]");
  const links = [...strip.querySelectorAll("a")];
  const small = [...gallery.querySelectorAll("[data-small] a")];
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)");

  const rest = () => (isCalm.matches ? "instant" : "smooth");
  const shownIn = (list) => Math.round(list.scrollLeft / Math.max(1, list.clientWidth));
  const within = (number) => Math.min(links.length - 1, Math.max(0, number));
  const show = (list, number, behavior) => list.scrollTo({ left: number * list.clientWidth, behavior });

  const onArrows = (list, turn) => (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -links.length, End: links.length }[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    event.preventDefault();
    turn(within(shownIn(list) + steps));
  };

  // A swipe scrolls by itself; the marks follow.
  const onRest = (list, mark) => {
    let frame = 0;
    list.addEventListener("scroll", () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => mark(shownIn(list)));
    }, { passive: true });
  };

  const markSmall = (number) => small.forEach((link, place) => {
    if (place === number) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  });

  small.forEach((link, number) => link.addEventListener("click", (event) => {
    event.preventDefault();
    show(strip, number, rest());
  }));
  strip.addEventListener("keydown", onArrows(strip, (number) => {
    show(strip, number, rest());
    links[number].focus({ preventScroll: true });
  }));
  onRest(strip, markSmall);
  markSmall(0);

  let dialog = null;
  let pages = null;
  let count = null;
  let last = 0; // the picture that was looked at last

  const button = (name, label, text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `lightbox-button lightbox-${name}`;
    made.setAttribute("aria-label", label);
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };

  const turn = (number) => show(pages, within(number), rest());
  const tell = (number) => {
    const text = links.length > 1 ? spoken("{number} of {total}").replace("{number}", number + 1).replace("{total}", links.length) : "";
    if (count.textContent !== text) count.textContent = text;
  };

  const slide = (link) => {
    const figure = document.createElement("figure");
    const picture = link.querySelector("picture").cloneNode(true);
    for (const source of picture.querySelectorAll("source")) source.sizes = "100vw";
    const image = picture.querySelector("img");
    image.removeAttribute("class");
    image.loading = "lazy";
    figure.append(picture);
    if (image.alt) {
      const words = document.createElement("figcaption");
      words.textContent = image.alt;
      words.setAttribute("aria-hidden", "true"); // the picture itself is read out with these words
      figure.append(words);
    }
    return figure;
  };

  const build = () => {
    dialog = document.createElement("dialog");
    dialog.className = "lightbox";
    dialog.setAttribute("aria-label", gallery.dataset.gallery);
    pages = document.createElement("div");
    pages.className = "lightbox-strip";
    pages.tabIndex = 0;
    pages.setAttribute("role", "group");
    pages.setAttribute("aria-label", spoken("Pictures"));
    pages.append(...links.map(slide));
    count = document.createElement("p");
    count.className = "lightbox-count";
    count.setAttribute("role", "status");
    dialog.append(button("close", spoken("Close"), "✕", () => dialog.close()), count, pages);
    if (links.length > 1) {
      dialog.append(
        button("back", spoken("Previous picture"), "‹", () => turn(shownIn(pages) - 1)),
        button("on", spoken("Next picture"), "›", () => turn(shownIn(pages) + 1)),
      );
    }
    dialog.addEventListener("keydown", onArrows(pages, turn));
    dialog.addEventListener("click", (event) => {
      if (event.target.tagName === "FIGURE") dialog.close(); // beside the picture
    });
    // Focus goes back to the picture that was looked at last.
    dialog.addEventListener("close", () => {
      show(strip, last, "instant");
      links[last].focus({ preventScroll: true });
    });
    // A turned phone keeps its picture.
    new ResizeObserver(() => show(pages, last, "instant")).observe(pages);
    onRest(pages, (number) => {
      if (!dialog.open) return;
      last = within(number);
      tell(number);
    });
    document.body.append(dialog);
  };

  const open = (number) => {
    if (!dialog) build();
    last = number;
    dialog.showModal();
    show(pages, number, "instant");
    tell(number);
  };

  links.forEach((link, number) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // a tab or window of its own
    event.preventDefault();
    open(number);
  }));
})();
