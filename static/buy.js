// A page for everybody has no one-time value in its form: this draws one, so that two clicks are one.
const field = document.querySelector("form.buy input[name=nonce]");
const draw = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  field.value = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
if (field && !field.value) {
  draw();
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) draw(); // back from the browser's history, where it may have bought something
  });
}
