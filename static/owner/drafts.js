// What somebody typed and did not save is theirs: it goes when they sign out. `Clear-Site-Data` of the answer does the
// same, where the browser knows it and the shop has HTTPS.
(() => {
  "use strict";

  const OF_NOBODY = "storefront-editor-"; // as editors kept it before it had a person

  const forget = (begin) => {
    try {
      Object.keys(localStorage).filter((key) => key.startsWith(begin)).forEach((key) => localStorage.removeItem(key));
    } catch {
      // A browser that keeps nothing has nothing to forget.
    }
  };

  forget(OF_NOBODY);
  // Forgotten when the page goes, with what was typed until then: after the button it may ask first, and who stays
  // goes on typing. The next time it asks, or goes, is about something else. Where browsers never ask, nobody stays.
  let signingOut = "";
  addEventListener("submit", (event) => { // at the window, after unsaved.js, which asks before and may stay
    if (event.target.matches("[action='/admin/sign-out']") && !event.defaultPrevented) signingOut = "pressed";
  });
  addEventListener("beforeunload", () => { signingOut = signingOut === "pressed" ? "asked" : ""; });
  addEventListener("pagehide", () => { if (signingOut) forget(document.body.dataset.drafts); });
})();
