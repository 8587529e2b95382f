// What every element's frame does: greets, takes the look, tells its state when it changes, and says when it is ready.
import { hello, onTold, tellEvent } from "./channel.js";
import { useLook } from "./look.js";

let lastState = "";
let isReady = false;

// `data`: isComplete, isEmpty, isInvalid, value; `change` is what the shop hears where the buyer did it.
export const tellState = (data, change = null) => {
  const state = JSON.stringify(data);
  const isNew = state !== lastState;
  lastState = state;
  if (change && isNew) tellEvent("change", change);
  if (isNew) tellEvent("state", data);
};

export const tellReady = (data = {}) => {
  if (!isReady) tellEvent("ready", data);
  isReady = true;
};

// `show` is called with the session's page, now or when it comes, and after each change of it.
export const startFrame = async ({ show, options = () => {} }) => {
  onTold("look", useLook);
  onTold("session", (session) => show(session));
  onTold("options", options);
  const data = await hello;
  useLook(data);
  options(data.options ?? {});
  if (data.session) show(data.session);
  return data;
};
