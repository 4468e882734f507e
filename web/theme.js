// A classic script before the style sheet is used: the page must not flash in the other theme. The choice is remembered; without one the system decides.
"use strict";
(() => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("soak-theme");
    } catch {
      return null;  // a page from a file may not remember
    }
  };
  const show = () => {
    document.documentElement.dataset.theme = chosen() ?? (system.matches ? "dark" : "light");
    document.dispatchEvent(new Event("soak-theme"));
  };
  system.addEventListener("change", show);
  document.addEventListener("soak-toggle-theme", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("soak-theme", next);
    } catch { /* then it holds until the page is closed */ }
    document.documentElement.dataset.theme = next;
    document.dispatchEvent(new Event("soak-theme"));
  });
  show();
})();
