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
  // At the window, after unsaved.js, which asks before and may stay.
  addEventListener("submit", (event) => {
    if (event.target.matches("[action='/admin/sign-out']") && !event.defaultPrevented) forget(document.body.dataset.drafts);
  });
})();
