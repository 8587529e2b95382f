// confirm(): the checks, the payment method from its frame, the payment, the bank's question, and the way back.

const POLL_MS = 250;
const WALLET_METHOD = "google_pay";

const checkMayConfirm = (sdk, args) => {
  if (!hasReadTotal(sdk.reads)) {
    throw new IntegrationError(
      "Show the total before you confirm: read session.total.total.amount, or session.total.total.minorUnitsAmount with" +
        " session.currency and session.minorUnitsAmountDivisor.",
    );
  }
  for (const [name, action] of Object.entries(COMPETING)) {
    if (sdk.elements.get(name)?.isMounted && sdk.calledActions.has(action)) {
      throw new IntegrationError(`A ${name} element is mounted and ${action}() was called: use one of the two.`);
    }
  }
  if (args.redirect !== "if_required" && !args.returnUrl && !sdk.page.return_url) {
    throw new IntegrationError("Pass returnUrl to confirm(), or create the Checkout Session with a return_url.");
  }
};

// What the call itself says about the buyer; kept like what the actions say.
const collectFields = (sdk, args) => {
  const fields = {};
  const wallet = args.expressCheckoutConfirmEvent?.billingDetails;
  const email = args.email ?? (sdk.page.elements_session.email ? null : wallet?.email);
  const contact = args.billingAddress ?? (wallet?.address ? { name: wallet.name, address: wallet.address } : null);
  if (email != null) fields.buyer_email = email;
  if (args.phoneNumber != null) fields.phone = args.phoneNumber;
  if (contact) fields.billing_address = contactFields(contact);
  return fields;
};

const chooseMethod = async (sdk, args) => {
  if (sdk.page.line_item_group.due === 0) return {};
  if (args.expressCheckoutConfirmEvent) return { id: WALLET_METHOD };
  if (args.paymentMethod) return { id: args.paymentMethod, saves: args.savePaymentMethod };
  const element = sdk.elements.get("Payment");
  if (!element?.isMounted) throw new IntegrationError("Mount a payment element before you confirm.");
  const { billing_address: billing, email, phone } = sdk.page.elements_session;
  return element.ask("createMethod", { key: sdk.key, billing, email, phone });
};

// A voucher or bank details: the order is placed, and the buyer sees how to pay it.
const showDetails = async (sdk, action) => {
  const details = action[action.type] ?? {};
  const url = details.hosted_voucher_url ?? details.hosted_instructions_url;
  if (url) await askInDialog("voucher", "Your payment is waiting (sandbox)", sdk.init, { url, amount: dueText(sdk) });
};

const dueText = (sdk) => moneyFormat(sdk.page)(sdk.page.elements_session.totals.total).amount;

const answerBank = async (sdk, page) => {
  const action = page.payment_intent?.next_action;
  if (page.status === "complete" && action) return showDetails(sdk, action);
  if (page.payment_intent?.status !== "requires_action") return page;
  if (action?.type === "redirect_to_url") {
    leaveFor(action.redirect_to_url.url);
    return new Promise(() => {}); // the page is being left
  }
  const { result } = await askInDialog("challenge", "Question of your bank (sandbox)", sdk.init, { amount: dueText(sdk) });
  return sdk.call("POST", "/authenticate", { payment_intent: page.payment_intent.id, result });
};

// The order is placed: nobody is asked to pay again, whatever the network does.
const waitUntilDone = async (sdk) => {
  for (;;) {
    const state = await sdk.call("GET", "/poll").catch((error) => {
      if (error.status && error.status < 500) throw error;
      return {};
    });
    if (state.redirect_ready) return state;
    await wait(POLL_MS);
  }
};

const finishOrder = async (sdk, args) => {
  const state = await waitUntilDone(sdk);
  await sdk.reread();
  if (args.redirect === "if_required") return sdk.success();
  leaveFor(args.returnUrl ?? state.redirect_url);
  return new Promise(() => {});
};

const payOnce = async (sdk, args) => {
  const fields = collectFields(sdk, args);
  if (Object.keys(fields).length) await sdk.change(fields);
  await sdk.flushElements();
  if (!sdk.page.elements_session.email) return refusal("Please enter your email address.");
  const method = await chooseMethod(sdk, args);
  if (method.error) return refusal(method.error.message);
  if (method.course === "redirect" && !args.returnUrl && !sdk.page.return_url) {
    throw new IntegrationError("Pass returnUrl to confirm(): this payment method leaves the page.");
  }
  const due = sdk.page.line_item_group.due;
  const consent = sdk.elements.get("Terms")?.state.isComplete ? { terms_of_service: "accepted" } : null;
  const page = await sdk.call("POST", "/confirm", {
    expected_amount: String(due),
    ...(method.id ? { payment_method: method.id } : {}),
    ...((args.savePaymentMethod ?? method.saves) ? { save_payment_method: "true" } : {}),
    ...(method.name ? { name: method.name } : {}),
    ...(args.returnUrl ? { return_url: args.returnUrl } : {}),
    ...(consent ? { consent } : {}),
  });
  await answerBank(sdk, page);
  return finishOrder(sdk, args);
};

const explainFailure = async (sdk, args, error) => {
  if (!(error instanceof ApiTrouble)) throw error;
  if (NOT_ACTIVE.includes(error.code)) {
    await sdk.reread(); // paid or expired in another window, or paid by a try whose answer was lost
    if (sdk.page.status === "complete") return finishOrder(sdk, args);
    return refusalOf(error);
  }
  await sdk.refresh().catch(() => {});
  if (error.status !== 402) return refusalOf(error);
  sdk.page.elements_session.last_payment_error ??= error.message;
  sdk.changed();
  return refusal(error.message, "paymentFailed", { paymentFailed: { declineCode: error.declineCode ?? null } });
};

const confirmAction = (sdk) => async (args = {}) => {
  checkMayConfirm(sdk, args);
  if (sdk.isConfirming) return refusal("This payment is already being confirmed.");
  sdk.isConfirming = true;
  sdk.changed();
  try {
    if (!args.expressCheckoutConfirmEvent) {
      const checked = await sdk.validate({ isForConfirm: true });
      if (checked.type === "error") return refusal(checked.error.message);
    }
    return await sdk.inTurn(() => payOnce(sdk, args).catch((error) => explainFailure(sdk, args, error)));
  } finally {
    sdk.isConfirming = false;
    sdk.changed();
  }
};
