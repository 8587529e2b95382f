// Opens the checkout of a shop over the page that has a link to buy:
//
//   <script src="https://shop.example/buy.js" async></script>
//   <a href="https://shop.example/buy/slug" data-storefront>Buy</a>
//
// The page hears `storefront:opened`, `storefront:completed` (once an order, detail.order is its number) and
// `storefront:closed` as events of its document. Without this script, and where it can't show the checkout, the link
// is a link.
(() => {
  "use strict";

  const VERSION = "1"; // of what this script and the frame say to each other
  const TIMEOUT_MS = 10_000;
  const REFUSED_MS = 1_500; // loaded and silent for so long: the shop does not let this site show it
  const script = document.currentScript ?? document.querySelector('script[src$="/buy.js"]');
  if (!script) return;
  const shop = new URL(script.src).origin;
  const loaded = Symbol.for(`storefront ${shop}`);
  if (window[loaded]) return;
  window[loaded] = true;

  // In the language of the link, such as /de/buy/slug, or else of the browser: this page may be in any.
  const TEXTS = {
    en: ["Checkout", "Loading checkout…", "Close checkout", "The checkout can't be shown here. ", "Open it in a new tab"],
    de: ["Kasse", "Die Kasse wird geladen …", "Kasse schließen", "Die Kasse lässt sich hier nicht anzeigen. ", "In neuem Tab öffnen"],
    fr: ["Paiement", "Chargement du paiement…", "Fermer le paiement", "Le paiement ne peut pas s’afficher ici. ", "L’ouvrir dans un nouvel onglet"],
    es: ["Pago", "Cargando el pago…", "Cerrar el pago", "El pago no se puede mostrar aquí. ", "Abrirlo en una pestaña nueva"],
  };
  const languageOf = (link) =>
    [new URL(link.href).pathname.split("/")[1], ...navigator.languages.map((code) => code.slice(0, 2).toLowerCase())].find((code) => Object.hasOwn(TEXTS, code)) ?? "en";

  const told = new Set(); // orders: each completes once, however often the frame shows it
  let open = null; // what is open: the dialog, its frame, and how to close it

  const element = (name, style, more = {}) => {
    const made = document.createElement(name);
    made.style.cssText = `all:initial;${style}`; // the page's own styles stay out
    return Object.assign(made, more);
  };
  const FONT = "font:16px/1.5 system-ui,sans-serif;color:#1b1f1d;";
  const isSmall = () => matchMedia("(max-width:600px), (max-height:600px)").matches;

  const tellPage = (type, detail = {}) => document.dispatchEvent(new CustomEvent(`storefront:${type}`, { detail }));

  const tellCompleted = (order) => {
    if (told.has(order)) return;
    told.add(order);
    tellPage("completed", { order });
  };

  const build = (link) => {
    const language = languageOf(link);
    const [title, loading, closing] = TEXTS[language];
    const box = isSmall()
      ? "position:absolute;inset:0;"
      : "position:absolute;inset:0;margin:auto;width:30rem;height:min(46rem,94%);border-radius:14px;box-shadow:0 20px 60px #0006;";
    const dialog = element("dialog", "display:block;position:fixed;inset:0;width:100vw;height:100vh;height:100dvh;max-width:none;max-height:none;background:#0008;z-index:2147483647;");
    dialog.setAttribute("aria-label", title);
    dialog.lang = language;
    const sheet = element("div", `display:block;overflow:hidden;background:#f5f4ef;${box}`);
    const words = element("p", `${FONT}display:block;position:absolute;inset:0;margin:auto;height:max-content;padding:1.5rem;text-align:center;box-sizing:border-box;`, {
      textContent: loading,
    });
    words.setAttribute("role", "status");
    const frame = element("iframe", "display:block;position:absolute;inset:0;width:100%;height:100%;border:0;visibility:hidden;color-scheme:normal;", {
      title,
      allow: `payment ${shop} https://js.stripe.com; clipboard-write ${shop}`,
    });
    const close = element("button", `${FONT}display:block;position:absolute;top:.4rem;right:.4rem;width:2.75rem;height:2.75rem;border-radius:50%;background:#fff;box-shadow:0 0 0 1px #767b78;font-size:22px;line-height:2.75rem;text-align:center;cursor:pointer;`, {
      type: "button",
      textContent: "×",
    });
    close.setAttribute("aria-label", closing);
    close.addEventListener("focus", () => (close.style.outline = "3px solid #1a5fd0"));
    close.addEventListener("blur", () => (close.style.outline = ""));
    sheet.append(words, frame, close);
    dialog.append(sheet);
    return { dialog, frame, words, close, link };
  };

  const showWay = () => {
    const { words, frame, link } = open;
    const [, , , sorry, instead] = TEXTS[languageOf(link)];
    frame.style.visibility = "hidden";
    const way = element("a", `${FONT}text-decoration:underline;color:#0b5d4b;cursor:pointer;`, {
      href: link.href,
      textContent: instead,
      target: "_blank",
      rel: "noopener",
    });
    way.addEventListener("focus", () => (way.style.outline = "3px solid #1a5fd0"));
    words.replaceChildren(sorry, way, ".");
    way.focus();
  };

  const showFrame = () => {
    clearTimeout(open.giveUp);
    clearTimeout(open.refused);
    open.isReady = true;
    open.words.hidden = true;
    open.words.style.display = "none";
    open.frame.style.visibility = "visible";
    if (!open.hasFocus) open.frame.focus();
    open.hasFocus = true;
  };

  // The steps inside the frame count in the page's history as well: go back behind all of them, at once.
  const leaveHistory = ({ length }) => history.go(length - history.length - 1);

  const close = ({ isBack = false } = {}) => {
    if (!open) return;
    const closed = open;
    open = null;
    clearTimeout(closed.giveUp);
    clearTimeout(closed.refused);
    document.documentElement.style.overflow = closed.overflow;
    if (!isBack) leaveHistory(closed);
    closed.dialog.close(); // the focus goes back to the link
    closed.dialog.remove();
    window.focus(); // the frame that had it is gone
    closed.link.focus({ preventScroll: true });
    tellPage("closed");
  };

  const show = (link) => {
    open = build(link);
    const { dialog, frame } = open;
    const address = new URL(link.href);
    address.pathname += "/frame";
    address.searchParams.set("origin", location.origin);
    address.searchParams.set("v", VERSION);
    frame.src = address.href;
    frame.addEventListener("load", () => {
      if (open?.frame === frame && !open.isReady) open.refused = setTimeout(showWay, REFUSED_MS);
    });
    open.giveUp = setTimeout(showWay, TIMEOUT_MS);
    open.overflow = document.documentElement.style.overflow;
    document.documentElement.style.overflow = "hidden";
    open.close.addEventListener("click", () => close());
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) close();
    });
    document.body.append(dialog);
    dialog.showModal();
    history.pushState(history.state, "");
    open.length = history.length;
    tellPage("opened");
  };

  const canOpen = (link) => {
    const { origin, pathname } = new URL(link.href);
    return origin === shop && /^(\/[a-z]{2})?\/buy\/[^/]+$/.test(pathname) && typeof HTMLDialogElement === "function";
  };

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement && node.hasAttribute("data-storefront"));
    if (!link || open || !canOpen(link)) return;
    event.preventDefault();
    show(link);
  });

  window.addEventListener("popstate", () => close({ isBack: true }));

  window.addEventListener("message", ({ origin, source, data }) => {
    if (origin !== shop || !open || source !== open.frame.contentWindow) return;
    if (data?.type === "storefront:ready") showFrame();
    else if (data?.type === "storefront:close") close();
    else if (data?.type === "storefront:leave") location.assign(open.link.href); // Stripe's own page is in no frame
    else if (data?.type === "storefront:completed") tellCompleted(String(data.order));
  });
})();
