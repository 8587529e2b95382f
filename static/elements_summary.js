// "Your order" beside the form: quantities, discounts, taxes and the total, always from the newest Session.
(() => {
  "use strict";

  const texts = JSON.parse(document.querySelector("[data-texts]")?.textContent ?? "{}");
  const spoken = (text) => texts[text] ?? text;

  const lines = document.querySelector("[data-lines]");
  const totals = document.querySelector("[data-totals]");
  const fold = document.querySelector("[data-fold]");

  // On phones the form comes first: the order is one line that opens.
  const wide = matchMedia("(width >= 56rem)");
  const foldOnPhones = () => {
    fold.open = wide.matches;
  };
  foldOnPhones();
  wide.addEventListener("change", foldOnPhones);

  const make = (tag, { text = "", ...values } = {}) => {
    const node = Object.assign(document.createElement(tag), values);
    if (text) node.textContent = text;
    return node;
  };

  const lineFor = (item) => {
    const known = [...lines.children].find((line) => line.dataset.price === item.priceId);
    if (known) return known;
    const line = make("li");
    line.dataset.price = item.priceId;
    const about = make("span", { dir: "auto" });
    const name = make("strong", { text: item.name });
    const times = make("span", { className: "quiet" });
    const amount = make("span");
    times.dataset.times = "";
    amount.dataset.amount = "";
    about.append(name, times);
    line.append(make("span"), about, amount);
    lines.append(line);
    return line;
  };

  const quantityField = (line, item, changeQuantity) => {
    let field = line.querySelector("input");
    if (!field) {
      field = make("input", { type: "number", className: "quantity", inputMode: "numeric" });
      field.setAttribute("aria-label", spoken("Quantity of {name}").replace("{name}", () => item.name));
      field.id = `quantity-${item.priceId}`;
      field.required = true;
      const hint = make("span", { className: "hint hint-bad", id: `${field.id}-hint`, hidden: true });
      hint.dataset.hintFor = field.id;
      field.setAttribute("aria-describedby", hint.id);
      field.addEventListener("change", () => changeQuantity(field.dataset.line, field));
      line.querySelector("[data-times]").replaceChildren(" ", field, " ", hint);
    }
    field.dataset.line = item.id;
    field.min = Math.max(1, item.adjustableQuantity.minimum ?? 1);
    field.max = item.adjustableQuantity.maximum;
    if (document.activeElement !== field) field.value = item.quantity;
  };

  const showLine = (item, changeQuantity) => {
    const line = lineFor(item);
    if (item.adjustableQuantity) quantityField(line, item, changeQuantity);
    else line.querySelector("[data-times]").textContent = item.quantity > 1 ? ` × ${item.quantity}` : "";
    line.querySelector("[data-amount]").textContent = item.subtotal.amount;
  };

  const row = (term, amount, className = "") => {
    const line = make("div", { className });
    line.append(make("dt", { text: term }), make("dd", { text: amount }));
    return line;
  };

  const discountRow = (discount, removeCode) => {
    const line = row(discount.promotionCode || discount.displayName, `−${discount.amount.replace(/^[-−]/, "")}`);
    if (discount.promotionCode && removeCode) {
      const button = make("button", { type: "button", className: "button-text", text: spoken("Remove") });
      button.append(make("span", { className: "hidden-text", text: ` ${spoken("the code {code}").replace("{code}", () => discount.promotionCode)}` }));
      button.addEventListener("click", removeCode);
      line.firstChild.append(" ", button);
    }
    return line;
  };

  const taxName = (tax) => {
    const rate = tax.percentage === undefined ? "" : ` ${tax.percentage}%`;
    const name = `${tax.displayName}${rate}`;
    return tax.inclusive ? spoken("{tax}, included").replace("{tax}", () => name) : name;
  };

  const showTotals = (session, removeCode) => {
    const discounts = session.discountAmounts ?? [];
    const taxes = session.taxAmounts ?? [];
    const rows = [];
    if (discounts.length || taxes.length) rows.push(row(spoken("Subtotal"), session.total.subtotal.amount));
    rows.push(...discounts.map((discount) => discountRow(discount, removeCode)));
    rows.push(...taxes.map((tax) => row(taxName(tax), tax.amount)));
    if (session.tax?.status === "requires_billing_address") rows.push(row(spoken("Tax"), spoken("after your address")));
    rows.push(row(spoken("Total"), session.total.total.amount, "total"));
    totals.replaceChildren(...rows);
    fold.querySelector("[data-total]").textContent = session.total.total.amount;
  };

  const show = (session, { changeQuantity, removeCode }) => {
    const prices = session.lineItems.map((item) => item.priceId);
    for (const line of [...lines.children]) if (!prices.includes(line.dataset.price)) line.remove();
    for (const item of session.lineItems) showLine(item, changeQuantity);
    showTotals(session, removeCode);
  };

  window.shopSummary = { show };
})();
