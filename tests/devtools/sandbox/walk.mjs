// Calls addresses of the sandbox by the methods that Stripe's library for Node has for them.
// Standard input: {"port", "key", "calls": [{"call": "POST /v1/products", "ids": [], "params": {}}, …],
// "event": {"payload", "header", "secret"}}. Standard output: {"results": […], "event": its type}.
import { readFileSync } from "node:fs";
import Stripe from "stripe";

const input = JSON.parse(readFileSync(0, "utf8"));
const stripe = new Stripe(input.key, {
  host: "127.0.0.1", port: input.port, protocol: "http", maxNetworkRetries: 0, telemetry: false,
});
const VERBS = {
  GET: { folder: ["list", "retrieve"], object: ["retrieve"], below: ["list", "retrieve"] },
  POST: { folder: ["create"], object: ["update"], below: ["", "create", "update"] },
  DELETE: { folder: [], object: ["del"], below: ["delete"] },
};

function capital(name) {
  return name.replace(/(^|_)([a-z])/g, (_all, _line, letter) => letter.toUpperCase());
}

function small(name) {
  return name ? name[0].toLowerCase() + name.slice(1) : name;
}

// By the library's own grammar: customers.retrieve(id), customers.listTaxIds(id), customers.deleteTaxId(id, id).
function names(verb, parts) {
  const place = parts.findIndex((part) => part.startsWith("{"));
  if (place < 0) return VERBS[verb].folder;
  const below = parts.slice(place + 1);
  if (below.length === 0) return VERBS[verb].object;
  const all = capital(below[0]);
  const named = [all, all.replace(/s$/, ""), all.replace(/^Lines$/, "LineItems")];
  return VERBS[verb].below.flatMap((start) => named.map((name) => small(start + name)));
}

function find(call) {
  const [verb, path] = call.split(" ");
  const parts = path.split("/").slice(2);
  const home = parts.slice(0, (parts.findIndex((part) => part.startsWith("{")) + 1 || parts.length + 1) - 1);
  const holder = home.reduce((found, part) => found?.[small(capital(part))], stripe);
  const name = names(verb, parts).find((one) => typeof holder?.[one] === "function");
  return name ? (...given) => holder[name](...given) : null;
}

// The address of one's own account has another name. Files are uploaded to a host of their own, whatever is set here.
function own(call) {
  if (call === "POST /v1/files") return null;
  return call === "GET /v1/account" ? () => stripe.accounts.retrieveCurrent() : find(call);
}

async function make({ call, ids, params }) {
  const method = own(call);
  if (method === null) return { call, isKnown: false };
  try {
    const answer = await method(...ids, ...(Object.keys(params).length ? [params] : []));
    return { call, isKnown: true, status: answer.lastResponse.statusCode, object: answer.object };
  } catch (error) {
    return { call, isKnown: true, status: error.statusCode, object: error.type, requestId: error.requestId };
  }
}

const results = [];
for (const call of input.calls) results.push(await make(call));
const { payload, header, secret } = input.event;
console.log(JSON.stringify({ results, event: stripe.webhooks.constructEvent(payload, header, secret).type }));
