// Runs before the first paint, so that a dark page never flashes white. The key is Unfold's own: one choice for all pages.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return JSON.parse(localStorage.getItem("adminTheme")) || "auto"; } catch { return "auto"; }
  };
  const show = () => document.documentElement.classList.toggle("dark", chosen() === "dark" || (chosen() === "auto" && dark.matches));
  show();
  dark.addEventListener("change", show);
  window.addEventListener("storage", show);
  window.houseTheme = {
    chosen,
    choose(theme) { localStorage.setItem("adminTheme", JSON.stringify(theme)); show(); },
  };
})();
