// The page of looks: shows a color while it is typed.
"use strict";

const accent = document.getElementById("accent");
const swatch = document.querySelector("[data-swatch]");
if (accent && swatch) {
  accent.addEventListener("input", () => {
    const text = accent.value.trim();
    if (text && !/^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text)) return;
    swatch.src = `${swatch.dataset.swatch}?accent=${encodeURIComponent(text)}`;
    swatch.alt = "This color, or its nearest shade that can be read, on a light and on a dark page";
  });
}

document.querySelector("[data-first-error]")?.focus();
