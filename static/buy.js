// A page for everybody has no one-time value in its form: this draws one, so that two clicks are one.
const field = document.querySelector("form.buy input[name=nonce]");
const draw = () => {
  field.value = crypto.getRandomValues(new Uint32Array(4)).join("-");
};
if (field && !field.value) {
  draw();
  // Back from the history it may have sold something.
  addEventListener("pageshow", (event) => event.persisted && draw());
}
