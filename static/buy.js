// A page that is the same for everybody draws the one-time value of its form here, so that two clicks are one.
const field = document.querySelector("form.buy input[name=nonce]");
if (field && !field.value) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  field.value = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
