// The appearance that the shop asks for: known variables and rules, written as properties, never as text of a style.

const THEMES = {
  stripe: {},
  flat: { colorBackground: "#f1f1f1", colorLine: "transparent" },
  night: {
    colorPrimary: "#85d996",
    colorBackground: "#30313d",
    colorText: "#ffffff",
    colorTextSecondary: "#c4c7d0",
    colorTextPlaceholder: "#b9bcc6",
    colorDanger: "#fe87a1",
    colorLine: "#6a6c7c",
  },
};
const VARIABLES = {
  borderRadius: "--radius",
  colorBackground: "--background",
  colorDanger: "--danger",
  colorLine: "--line",
  colorPrimary: "--primary",
  colorSuccess: "--success",
  colorText: "--text",
  colorTextPlaceholder: "--placeholder",
  colorTextSecondary: "--secondary",
  colorWarning: "--warning",
  fontFamily: "--family",
  fontSizeBase: "--size",
  spacingUnit: "--unit",
};
const SELECTOR =
  /^\.(Input|Label|Tab|TabLabel|Error|Block|AccordionItem|Checkbox|CheckboxLabel|TermsText|Button)(--(invalid|empty|selected|checked))?(:{1,2}(hover|focus|focus-visible|active|disabled|placeholder|autofill))?$/;
const SAFE_VALUE = /^[^;{}<>\\@]*$/;
const isSafe = (value) => SAFE_VALUE.test(value) && !/url\s*\(|expression/i.test(value);
const dashed = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const SAFE_FONT = /^url\(\s*["']?(https:|data:)[^"')]+["']?\s*\)/;

const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

const addRule = (selector, properties) => {
  if (!SELECTOR.test(selector)) return;
  const place = sheet.insertRule(`${selector} {}`, sheet.cssRules.length);
  for (const [name, value] of Object.entries(properties)) {
    if (isSafe(String(value))) sheet.cssRules[place].style.setProperty(dashed(name), String(value));
  }
};

const loadFont = ({ family, src, cssSrc, ...descriptors }) => {
  if (cssSrc || !SAFE_FONT.test(src ?? "")) return; // fonts come from https or from the page itself
  document.fonts.add(new FontFace(family, src, descriptors));
};

export const useLook = ({ appearance = {}, fonts = [] }) => {
  const root = document.documentElement;
  const theme = THEMES[appearance.theme] ?? THEMES.stripe;
  for (const [name, property] of Object.entries(VARIABLES)) {
    const value = appearance.variables?.[name] ?? theme[name];
    if (value && isSafe(String(value))) root.style.setProperty(property, String(value));
    else root.style.removeProperty(property);
  }
  root.dataset.labels = ["above", "floating"].includes(appearance.labels) ? appearance.labels : "above";
  root.dataset.inputs = appearance.inputs === "condensed" ? "condensed" : "spaced";
  root.toggleAttribute("data-still", Boolean(appearance.disableAnimations));
  while (sheet.cssRules.length) sheet.deleteRule(0);
  for (const [selector, properties] of Object.entries(appearance.rules ?? {})) addRule(selector, properties);
  fonts.forEach(loadFont);
};
