// The session object of the SDK, made anew from the server's answer each time: nobody may hold on to an old one.

const contactView = (contact) => contact && { ...(contact.name ? { name: contact.name } : {}), address: contact.address };

const lineView = (line, money) => ({
  id: line.id,
  name: line.name,
  description: line.description,
  quantity: line.quantity,
  images: line.images,
  priceId: line.price,
  unitAmount: money(line.unit_amount),
  unitAmountDecimal: line.unit_amount_decimal === null ? null : money(Number(line.unit_amount_decimal)),
  unitLabel: line.unit_label,
  subtotal: money(line.subtotal),
  discount: money(line.discount),
  taxExclusive: money(line.tax_exclusive),
  taxInclusive: money(line.tax_inclusive),
  total: money(line.total),
  discountAmounts: null,
  taxAmounts: null,
  recurring: null,
  adjustableQuantity: line.adjustable_quantity && {
    maximum: line.adjustable_quantity.maximum,
    minimum: line.adjustable_quantity.minimum,
  },
  isRemovable: false,
  pricing: null,
  transformQuantity: null,
});

const totalView = (totals, money, reads) => {
  const due = money(totals.total);
  const total = {};
  for (const [name, value] of Object.entries(due)) notingReads(total, reads, name, value, name);
  return {
    subtotal: money(totals.subtotal),
    discount: money(totals.discount),
    shippingRate: money(totals.shipping),
    taxExclusive: money(totals.tax_exclusive),
    taxInclusive: money(totals.tax_inclusive),
    surcharge: money(0),
    appliedBalance: money(0),
    total,
    balanceAppliedToNextInvoice: false,
  };
};

const statusView = (page) => {
  if (page.status !== "complete") return { type: page.status };
  return { type: "complete", paymentStatus: page.payment_status };
};

const taxIdView = (session) =>
  session.tax_id && { taxId: session.tax_id, businessName: session.tax_business_name ?? "" };

const currencyView = (option) => ({
  currency: option.currency,
  minorUnitsAmount: option.amount,
  amount: new Intl.NumberFormat("en-US", { style: "currency", currency: option.currency.toUpperCase() }).format(
    option.amount / 10 ** option.digits,
  ),
  ...(option.conversion ? { currencyConversion: { fxRate: option.conversion.fx_rate, sourceCurrency: option.conversion.source_currency } } : {}),
});

const savedView = (card) => ({
  id: card.id,
  type: "card",
  card: { brand: card.brand, expMonth: card.exp_month, expYear: card.exp_year, last4: card.last4 },
  billingDetails: { name: card.name },
});

const sessionView = (page, { canConfirm, reads }) => {
  const session = page.elements_session;
  const money = moneyFormat(page);
  const view = {
    id: page.session_id,
    livemode: page.livemode,
    businessName: session.business_name,
    email: session.email,
    phoneNumber: session.phone,
    billingAddress: contactView(session.billing_address),
    shippingAddress: contactView(session.shipping_address),
    canConfirm,
    status: statusView(page),
    lineItems: session.line_items.map((line) => lineView(line, money)),
    optionalItems: [],
    total: totalView(session.totals, money, reads),
    discountAmounts: session.discounts.map((discount) => ({
      ...money(discount.amount),
      displayName: discount.display_name,
      promotionCode: discount.promotion_code,
      recurring: null,
      percentOff: discount.percent_off,
    })),
    taxAmounts: (session.taxes ?? []).map((tax) => ({
      ...money(tax.amount),
      inclusive: tax.inclusive,
      displayName: tax.display_name,
      ...(tax.percentage == null ? {} : { percentage: tax.percentage }),
    })),
    tax: { status: session.tax_status },
    taxIdInfo: taxIdView(session),
    shipping: null,
    shippingOptions: [],
    currencyOptions: session.currency_options?.map((option) => currencyView(option)) ?? null,
    savedPaymentMethods: page.saved_payment_methods.length ? page.saved_payment_methods.map(savedView) : null,
    nameCollection: null,
    lastPaymentError: session.last_payment_error ? { message: session.last_payment_error } : null,
    surcharge: null,
    recurring: null,
  };
  notingReads(view, reads, "currency", page.currency, "currency");
  return notingReads(view, reads, "minorUnitsAmountDivisor", session.minor_units_divisor, "divisor");
};
