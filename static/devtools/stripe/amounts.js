// Money for people; every amount was counted by the server.

const moneyFormat = (page) => {
  const { locale, minor_units_divisor: divisor } = page.elements_session;
  const places = Math.round(Math.log10(divisor));
  const options = {
    style: "currency",
    currency: page.currency.toUpperCase(),
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  };
  const wanted = locale && locale !== "auto" ? [locale, "en-US"] : ["en-US"];
  const format = new Intl.NumberFormat(wanted, options);
  return (amount) => ({ minorUnitsAmount: amount, amount: format.format(amount / divisor) });
};

// The page must read the total before it confirms: reads are noted by name.
const notingReads = (target, reads, name, value, read) =>
  Object.defineProperty(target, name, {
    enumerable: true,
    get() {
      reads.add(read);
      return value;
    },
  });

const hasReadTotal = (reads) =>
  reads.has("amount") || ["minorUnitsAmount", "currency", "divisor"].every((name) => reads.has(name));
