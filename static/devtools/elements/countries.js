// Countries of a billing address, named by the browser, and where a postal code is part of checking a card.
const CODES =
  "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HK HR HU IE IN IS IT JP KW LI LT LU LV MT MX NL NO NZ PL PT RO SE SG SI SK TH US";
const names = new Intl.DisplayNames(["en"], { type: "region" });

export const COUNTRIES = CODES.split(" ")
  .map((code) => [code, names.of(code)])
  .sort(([, first], [, second]) => first.localeCompare(second));
