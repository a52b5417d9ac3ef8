// Runs before the first paint. src/lib/theme.ts changes the same class and the same storage entry later.
(function () {
  var stored = null;
  try {
    stored = localStorage.getItem("litemaas.theme");
  } catch {
    // Storage may be blocked; the system's choice then stands.
  }
  var dark = stored === "dark" || (stored !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
})();
