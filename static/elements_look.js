// How the shop looks, told to Stripe's fields: their frames see no stylesheet of ours.
(() => {
  "use strict";

  const style = getComputedStyle(document.documentElement);
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // A variable may be said in any way that CSS knows; Stripe wants plain colors.
  const probe = document.createElement("span");
  probe.hidden = true;
  const color = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const text = (name) => style.getPropertyValue(name).trim();

  const appearance = () => {
    document.body.append(probe);
    const body = getComputedStyle(document.body);
    const look = {
      theme: dark.matches ? "night" : "stripe",
      labels: "above",
      disableAnimations: matchMedia("(prefers-reduced-motion: reduce)").matches,
      variables: {
        colorPrimary: color("--accent"),
        colorBackground: color("--sheet"),
        colorText: color("--ink"),
        colorTextSecondary: color("--quiet"),
        colorTextPlaceholder: color("--quiet"),
        colorDanger: color("--bad"),
        colorSuccess: color("--good"),
        colorWarning: color("--wait"),
        borderRadius: text("--round-small"),
        fontFamily: body.fontFamily,
        fontSizeBase: "16px", // a smaller one makes phones zoom into a field
        spacingUnit: "4px",
      },
      rules: {
        ".Input": { borderColor: color("--line-strong"), boxShadow: "none" },
        ".Input:focus": { borderColor: color("--accent"), boxShadow: `0 0 0 2px ${color("--accent")}` },
        ".Input--invalid": { borderColor: color("--bad") },
        ".Label": { fontWeight: "600" },
        ".Tab": { borderColor: color("--line-strong"), boxShadow: "none" },
        ".Tab--selected": { borderColor: color("--accent") },
      },
    };
    probe.remove();
    return look;
  };

  window.shopLook = { appearance, whenChanged: (tell) => dark.addEventListener("change", () => tell(appearance())) };
})();
