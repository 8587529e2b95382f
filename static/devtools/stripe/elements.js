// Which elements there are: the frame of each, its events and what its payloads carry.

const kind = (name, frame, elementType, title, { events = [], payload = {} } = {}) => ({
  name,
  frame,
  elementType,
  title,
  events,
  payload,
});

const KINDS = Object.fromEntries(
  [
    kind("Payment", "payment", "payment", "Secure payment fields (sandbox)", {
      events: [
        "carddetailschange",
        "savedpaymentmethodupdate",
        "savedpaymentmethodremove",
        "availablepaymentmethodschange",
      ],
    }),
    kind("BillingAddress", "billing-address", "address", "Billing address (sandbox)", {
      payload: { elementMode: "billing" },
    }),
    kind("ExpressCheckout", "express-checkout", "expressCheckout", "Wallets (sandbox)", { events: ["confirm", "cancel"] }),
    kind("CurrencySelector", "currency-selector", "currencySelector", "Currency (sandbox)"),
    kind("ContactDetails", "contact-details", "contactDetails", "Contact details (sandbox)"),
    kind("TaxId", "tax-id", "taxId", "Tax ID (sandbox)"),
    kind("Terms", "terms", "terms", "Terms of service (sandbox)"),
    kind("LinkSignup", "link-signup", "linkSignup", "Link (sandbox)"),
  ].map((entry) => [entry.name, entry]),
);

// Two sources for one value contradict each other: an element, and the action of the same name.
const COMPETING = {
  BillingAddress: "updateBillingAddress",
  ContactDetails: "updateEmail",
  TaxId: "updateTaxIdInfo",
};

// createPaymentElement(), getPaymentElement() and so on; one element of each kind.
const elementMethods = (sdk) => {
  const methods = {};
  for (const entry of Object.values(KINDS)) {
    methods[`create${entry.name}Element`] = (options = {}) => {
      if (sdk.elements.has(entry.name)) {
        throw new IntegrationError(`You can only create one ${entry.name} element. Use get${entry.name}Element().`);
      }
      const element = new SandboxElement(entry, sdk, options);
      sdk.elements.set(entry.name, element);
      return element;
    };
    methods[`get${entry.name}Element`] = () => sdk.elements.get(entry.name) ?? null;
  }
  methods.createShippingAddressElement = () => {
    throw new IntegrationError("The sandbox ships nothing: it has no shipping address element.");
  };
  methods.getShippingAddressElement = () => null;
  return methods;
};
