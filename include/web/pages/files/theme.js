// Airflow keeps the theme that somebody chose under this name; without one, the system's own counts. No module: it
// runs before the page is painted, so that nothing flashes.
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    const chosen = localStorage.getItem("theme");
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    document.dispatchEvent(new CustomEvent("theme"));
  };
  show();
  addEventListener("storage", show);
  system.addEventListener("change", show);
  document.documentElement.dataset.frame = String(self !== top);
})();
