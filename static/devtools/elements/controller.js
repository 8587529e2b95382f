// The frame nobody sees: it holds the key and the client secret, and asks the API about this one session.
import { call } from "./api.js";
import { hello, onAsked } from "./channel.js";

const ACTIONS = ["", "/init", "/confirm", "/authenticate", "/poll"];
let secret = null;

onAsked("open", (data) => {
  secret ??= data.secret;
});

onAsked("call", async ({ method, action, fields }) => {
  const { key } = await hello;
  if (!ACTIONS.includes(action)) return { error: { message: `The sandbox has no action ${action}.`, status: 400 } };
  const [session] = secret.split("_secret_");
  return call(method, `/v1/payment_pages/${session}${action}`, { key, client_secret: secret, ...fields });
});
