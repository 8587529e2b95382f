// The control page: reads and drives the sandbox's JSON control API. All text goes in as text, never as HTML.
const PAGE = 50;
const REFRESH_MS = 3000;
const find = (selector) => document.querySelector(selector);
let shown = PAGE;

const ask = async (path, body) => {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/_sandbox/${path}`, options);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error?.message ?? `The sandbox answered ${answer.status}.`);
  return found;
};

const say = (text) => {
  find("[data-said]").hidden = false;
  find("[data-said]").textContent = text;
};

const act = (done, work) => async () => {
  try {
    await work();
    say(done);
  } catch (error) {
    say(error.message);
  }
  await look();
};

const element = (name, text = "", className = "") => {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
};
const button = (label, name, run) => {
  const made = element("button", label, "plain small");
  made.type = "button";
  made.setAttribute("aria-label", `${label}: ${name}`);
  made.addEventListener("click", run);
  return made;
};

const digitsOf = (currency) => {
  const { zeroDecimal, threeDecimal } = document.body.dataset;
  if (zeroDecimal.split(" ").includes(currency)) return 0;
  return threeDecimal.split(" ").includes(currency) ? 3 : 2;
};
const money = (amount, currency) => {
  const digits = digitsOf(currency);
  const style = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat("en-US", style).format(amount / 10 ** digits);
};

// What a bank and a dashboard can still do to money that has arrived.
const OPEN_DISPUTES = new Set(["needs_response", "under_review", "appeal_needs_response", "appeal_under_review"]);
const afterSale = (charge, name) => {
  const { dispute } = charge;
  const found = [];
  if (charge.amount_refunded) found.push(element("span", `${money(charge.amount_refunded, charge.currency)} refunded`, "state"));
  if (dispute) found.push(element("span", `dispute ${dispute.status}`, "state"));
  const isContested = Boolean(dispute) && !dispute.is_charge_refundable;
  if (!charge.refunded && !isContested) {
    found.push(
      button("Refund", name, act("Refunded.", () => ask(`charges/${charge.id}/refund`, {}))),
      button("Dispute", name, act("The buyer's bank has taken the money back.", () => ask(`charges/${charge.id}/dispute`, {}))),
    );
  }
  if (dispute && OPEN_DISPUTES.has(dispute.status)) {
    const move = (status, done) => act(done, () => ask(`disputes/${dispute.id}/move`, { status }));
    found.push(button("Win", name, move("won", "The dispute is won.")), button("Lose", name, move("lost", "The dispute is lost.")));
  }
  return found;
};

const sessionRow = (session, charge) => {
  const row = element("li");
  const email = session.customer_details?.email ?? "";
  row.append(element("strong", `${session.status}, ${session.payment_status}`), element("span", `${money(session.amount_total, session.currency)} ${email}`), element("code", session.id));
  const waits = session.status === "complete" && session.payment_status === "unpaid" && session.payment_intent;
  if (waits) {
    const settle = (result, done) => act(done, () => ask(`payment_intents/${session.payment_intent}/settle`, { result }));
    const fund = (amount) => act("The money has arrived.", () => ask(`payment_intents/${session.payment_intent}/fund`, { amount }));
    const { kind, amount_remaining: missing } = session.waits_for ?? {};
    if (kind === "transfer") {
      row.append(element("span", `${money(missing, session.currency)} missing`, "state"));
      row.append(button("Send all", session.id, fund(missing)), button("Send half", session.id, fund(Math.ceil(missing / 2))));
      row.append(button("Send too much", session.id, fund(missing + 500)));
    } else if (kind === "voucher") {
      row.append(button("Pay voucher", session.id, settle("succeeded", "The voucher is paid.")));
      row.append(button("Let it expire", session.id, settle("failed", "The voucher has expired.")));
    } else {
      row.append(button("Settle", session.id, settle("succeeded", "The bank has paid.")), button("Fail", session.id, settle("failed", "The bank has refused.")));
    }
  }
  if (charge) row.append(...afterSale(charge, session.id));
  if (session.status === "open") {
    row.append(button("Expire", session.id, act("Expired.", () => ask(`sessions/${session.id}/expire`, {}))));
  }
  return row;
};

const deliveryText = (delivery) => {
  const attempts = delivery.attempts.map((attempt) => attempt.status ?? attempt.error ?? "no answer");
  return `${delivery.state}${attempts.length ? `: ${attempts.join(", ")}` : ""}`;
};

const eventRow = (event, deliveries, forwarded) => {
  const row = element("li");
  row.append(element("strong", event.type), element("time", new Date(event.created * 1000).toLocaleTimeString()), element("code", event.id));
  for (const delivery of deliveries) row.append(element("span", deliveryText(delivery), `state ${delivery.state}`));
  for (const each of forwarded) row.append(element("span", `stripe listen: ${each.status}`, "state"));
  if (!deliveries.length && !forwarded.length) row.append(element("span", "no endpoint listens", "state"));
  row.append(button("Send again", event.type, act("Sent again.", () => ask(`events/${event.id}/resend`, {}))));
  return row;
};

const fill = (name, rows) => {
  find(`[data-${name}]`).replaceChildren(...rows);
  find(`[data-empty="${name}"]`).hidden = rows.length > 0;
};

const refresh = async () => {
  const [sessions, charges, events, deliveries, listeners] = await Promise.all(["sessions", "charges", "events", "deliveries", "listeners"].map((path) => ask(path)));
  const charged = new Map(charges.data.map((charge) => [charge.payment_intent, charge]));
  await Promise.all([showClock(), showMischief(), showFaults()]);
  const byEvent = Map.groupBy ? Map.groupBy(deliveries.data, (each) => each.event_id) : new Map();
  fill("sessions", sessions.data.toReversed().slice(0, PAGE).map((session) => sessionRow(session, charged.get(session.payment_intent))));
  fill("events", events.data.toReversed().slice(0, shown).map((event) => eventRow(event, byEvent.get(event.id) ?? [], listeners.forwarded.filter((each) => each.event_id === event.id))));
  find("[data-more]").hidden = events.data.length <= shown;
};

const settings = find("[data-settings]");
settings.addEventListener("submit", (event) => {
  event.preventDefault();
  const seconds = settings.settle_after_seconds.value.trim();
  const places = settings.tax_registrations.value.toUpperCase().split(/[\s,]+/).filter(Boolean);
  const changes = {
    tax_registrations: places,
    tax_fails: settings.tax_fails.checked,
    test_wallet: settings.test_wallet.checked,
    webhook_order: settings.webhook_order.value,
    settle_after_seconds: seconds === "" ? null : Number(seconds),
  };
  act("Saved.", () => ask("config", changes))();
});
find("[data-hold]").addEventListener("click", act("From now on deliveries wait.", () => ask("deliveries/hold", {})));
find("[data-release]").addEventListener("click", act("Deliveries go out.", () => ask("deliveries/release", {})));
find("[data-reset]").addEventListener("click", () => {
  if (window.confirm("Forget every session, payment and event? Keys and webhook endpoints stay.")) act("Everything is forgotten.", () => ask("reset", {}))();
});
find("[data-more]").addEventListener("click", () => {
  shown += PAGE;
  refresh();
});

for (const each of document.querySelectorAll("[data-advance]")) {
  each.addEventListener("click", act("The clock has moved; what was due has happened.", () => ask("clock", { advance_seconds: Number(each.dataset.advance) })));
}
find("[data-real-time]").addEventListener("click", act("The clock shows real time.", () => ask("clock", { offset_seconds: 0 })));
const showClock = async () => {
  const { now, offset_seconds: offset } = await ask("clock");
  find("[data-clock]").textContent = new Date(now * 1000).toLocaleString();
  const hours = Math.round(Math.abs(offset) / 360) / 10;
  find("[data-offset]").textContent = offset ? `${hours} hours ${offset > 0 ? "ahead" : "behind"}` : "real time";
};

const mischief = find("[data-mischief]");
mischief.addEventListener("submit", (event) => {
  event.preventDefault();
  const types = mischief.types.value.trim();
  const wanted = mischief.do.value;
  const body = wanted === "random"
    ? { drop: 0.2, duplicate: 0.3, delay: 0.3, reorder: 0.3, longest_delay_seconds: 5 }
    : { rules: [{ types, do: wanted, seconds: wanted === "delay" ? 10 : 3 }] };
  act("There is trouble from now on.", () => ask("mischief", body))();
});
find("[data-mischief-end]").addEventListener("click", act("Deliveries come as they should.", () => ask("mischief", {})));
const showMischief = async () => {
  const found = await ask("mischief");
  const rules = found.rules.map((rule) => `${rule.do} ${rule.types}`);
  if (found.seed !== null) rules.push(`at random, seed ${found.seed}`);
  find("[data-mischief-now]").textContent = rules.join("; ") || "none";
};

const FAULTS = {
  busy: { status: 429, type: "invalid_request_error", code: "rate_limit", message: "Request rate limit exceeded." },
  fails: { status: 500 },
  reset: { drop_before_execution: true },
  lost: { drop_after_execution: true },
  timeout: { delay_seconds: 30, drop_before_execution: true },
  slow: { delay_seconds: 2 },
};
const faults = find("[data-faults]");
faults.addEventListener("submit", (event) => {
  event.preventDefault();
  const [method, path] = faults.call.value.split(" ");
  const times = faults.times.value.trim();
  const body = { method, path, times: times === "" ? null : Number(times), ...FAULTS[faults.kind.value] };
  act("The next calls suffer.", () => ask("faults", body))();
});
find("[data-faults-end]").addEventListener("click", act("The API answers as it should.", () => ask("faults/clear", {})));
const faultText = (fault) => {
  if (fault.drop_before_execution) return fault.delay_seconds ? "no answer" : "connection breaks before";
  if (fault.drop_after_execution) return "connection breaks after";
  return fault.status ?? `${fault.delay_seconds} s late`;
};
const showFaults = async () => {
  const { data } = await ask("faults");
  fill("waiting", data.map((fault) => {
    const row = element("li");
    row.append(element("strong", `${fault.method} ${fault.path}`), element("span", `${faultText(fault)}, ${fault.times ?? "every"} ${fault.times === 1 ? "call" : "calls"}`));
    return row;
  }));
};

const showConfig = async () => {
  const config = await ask("config");
  settings.webhook_order.value = config.webhook_order;
  settings.tax_registrations.value = config.tax_registrations.join(", ");
  settings.tax_fails.checked = config.tax_fails;
  settings.test_wallet.checked = config.test_wallet;
  settings.settle_after_seconds.value = config.settle_after_seconds ?? "";
};

const LOST = "The sandbox does not answer. Is it still running?";
const look = async () => {
  try {
    await refresh();
    if (find("[data-said]").textContent === LOST) find("[data-said]").hidden = true;
  } catch {
    say(LOST);
  }
};
setInterval(() => {
  // A button in use must not vanish under the finger.
  if (!document.querySelector(".rows button:focus")) look();
}, REFRESH_MS);
showConfig().catch(() => say(LOST));
look();
