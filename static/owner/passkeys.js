// Passkeys: asks the shop what to sign, the browser to sign it, and brings the answer back.
// A button that only works with this script is hidden until it runs.

const token = document.querySelector("meta[name=csrf-token]").content;

function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function send(address, value) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
    body: JSON.stringify(value),
  });
  if (response.redirected || !(response.headers.get("Content-Type") || "").includes("json")) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

function withBytes(descriptors) {
  return (descriptors || []).map((known) => ({ ...known, id: toBytes(known.id) }));
}

async function create(options) {
  return navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
}

async function get(options) {
  return navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  });
}

function asJson(credential) {
  const response = { clientDataJSON: toText(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

const SENTENCES = {
  NotAllowedError: "Your device did not confirm in time, or you canceled. Try once more.",
  InvalidStateError: "This device has a passkey for you already.",
  SecurityError: "This browser does not allow passkeys at this address.",
};

function setUp(box) {
  const button = box.querySelector("[data-passkey-button]");
  const error = box.querySelector("[data-passkey-error]");
  const name = box.querySelector("[data-passkey-name]");

  async function run() {
    const options = await send(box.dataset.passkey, {});
    if (options === null) return box.dataset.passkeyStale || "/admin/sign-in";
    const answer = asJson(await (name ? create(options) : get(options)));
    const done = await send(box.dataset.passkeyFinish, name ? { answer, name: name.value } : answer);
    return done === null ? "/admin/sign-in" : done.next;
  }

  button.addEventListener("click", async () => {
    const hadFocus = document.activeElement === button; // a button that is disabled loses it
    button.disabled = true;
    error.hidden = true;
    try {
      location.assign(await run());
    } catch (problem) {
      error.textContent = SENTENCES[problem.name] || problem.message || "That did not work. Try once more.";
      error.hidden = false;
      button.disabled = false;
      if (hadFocus && [document.body, button].includes(document.activeElement)) button.focus();
    }
  });
  name?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    button.click();
  });
  box.hidden = false;
}

if (window.PublicKeyCredential) document.querySelectorAll("[data-passkey]").forEach(setUp);
