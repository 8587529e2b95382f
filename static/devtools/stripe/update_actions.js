// The actions that change the session: one after the other, and each resolves with the new session or with an error.

class ApiTrouble extends Error {
  constructor(error) {
    super(error.message ?? "Something went wrong.");
    Object.assign(this, { code: error.code, param: error.param, declineCode: error.decline_code, status: error.status });
  }
}

const NOT_ACTIVE = ["checkout_not_active_session", "checkout_succeeded_session"];

// What the API says -> what the SDK calls it; everything else is null.
const SDK_CODES = {
  email_incomplete: "incompleteEmail",
  email_invalid: "invalidEmail",
  promotion_code_amount_insufficient: "promotionCodeAmountInsufficient",
  promotion_code_currency_mismatch: "invalidCode",
  promotion_code_customer_mismatch: "invalidCode",
  promotion_code_expired: "invalidCode",
  promotion_code_first_time_only: "invalidCode",
  promotion_code_invalid: "invalidCode",
  promotion_code_minimum_not_met: "promotionCodeAmountInsufficient",
  tax_id_invalid: "invalidTaxId",
};

const refusal = (message, code = null, more = {}) => ({ type: "error", error: { message, code, ...more } });
const refusalOf = (error) => refusal(error.message, SDK_CODES[error.code] ?? null);

// The API's hash of a contact; "" forgets what was there.
const contactFields = (contact) =>
  contact ? { name: contact.name ?? "", address: { ...contact.address } } : "";

const taxIdFields = (info) => ({
  tax_id_collection: { tax_id: info ? { ...info.taxId } : { value: "" } },
  business_name: info?.businessName ?? "",
});

// `change(fields)` sends one group of parameters; `refuse(message)` answers without asking anybody.
const updateActions = (sdk) => {
  const change = (fields) => sdk.queue(() => sdk.update(fields));
  const refuse = async (message) => refusal(message);
  const noted = (name, action) => (...given) => {
    sdk.calledActions.add(name);
    return action(...given);
  };
  return {
    applyPromotionCode: (code) => change({ promotion_code: String(code) }),
    removePromotionCode: () => change({ promotion_code: "" }),
    updateEmail: noted("updateEmail", (email) => change({ buyer_email: email ?? "" })),
    updatePhoneNumber: (phone) => change({ phone: phone ?? "" }),
    updateIndividualName: (name) => change({ individual_name: name ?? "" }),
    updateBusinessName: (name) => change({ business_name: name ?? "" }),
    updateBillingAddress: noted("updateBillingAddress", (contact) => change({ billing_address: contactFields(contact) })),
    updateShippingAddress: () => refuse("The sandbox ships nothing: there is no shipping address to update."),
    updateShippingOption: () => refuse("The sandbox ships nothing: there are no shipping options."),
    updateLineItemQuantity: ({ lineItem, quantity }) =>
      change({
        updated_line_item_quantity: { line_item_id: lineItem, quantity, fail_update_on_discount_error: true },
      }),
    addOptionalLineItem: (price) => refuse(`This Checkout Session has no optional item with the price ${price}.`),
    removeOptionalLineItem: (price) => refuse(`This Checkout Session has no optional item with the price ${price}.`),
    updateTaxIdInfo: noted("updateTaxIdInfo", (info) =>
      sdk.page.tax_id_collection_enabled
        ? change(taxIdFields(info))
        : refuse("This Checkout Session does not collect tax ids: create it with tax_id_collection."),
    ),
    runServerUpdate: (run) => runServerUpdate(sdk, run),
    validateElements: () => sdk.validate(),
  };
};

const LONGEST_SERVER_UPDATE_MS = 20_000;

// The shop's server changes the session; afterwards it is read again. What the shop's function throws, its caller gets.
const runServerUpdate = (sdk, run) => {
  if (typeof run !== "function") throw new IntegrationError("runServerUpdate() takes a function that returns a promise.");
  sdk.serverUpdates += 1;
  sdk.changed();
  const finish = () => {
    sdk.serverUpdates -= 1;
    sdk.changed();
  };
  return sdk.inTurn(async () => {
    try {
      const late = wait(LONGEST_SERVER_UPDATE_MS).then(() => LONGEST_SERVER_UPDATE_MS);
      if ((await Promise.race([Promise.resolve().then(run), late])) === LONGEST_SERVER_UPDATE_MS) {
        return refusal("The server update took longer than 20 seconds.");
      }
      await sdk.refresh();
    } catch (error) {
      if (!(error instanceof ApiTrouble)) throw error;
      return refusalOf(error);
    } finally {
      finish();
    }
    return sdk.success();
  });
};
