import { useSyncExternalStore } from "react";

/** What the reader chose. `system` follows the operating system and is the default. public/theme.js reads the same entry. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = "litemaas.theme";
const DARK_CLASS = "pf-v6-theme-dark";
const listeners = new Set<() => void>();

const systemIsDark = () => window.matchMedia("(prefers-color-scheme: dark)");

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return THEMES.find((theme) => theme === stored) ?? "system";
  } catch {
    return "system";
  }
}

function apply(): void {
  const theme = storedTheme();
  const dark = theme === "dark" || (theme === "system" && systemIsDark().matches);
  document.documentElement.classList.toggle(DARK_CLASS, dark);
  for (const listener of listeners) listener();
}

export function setTheme(theme: Theme): void {
  try {
    if (theme === "system") localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, theme);
  } catch {
    // Storage may be blocked; the choice then lasts no longer than the default does.
  }
  apply();
}

/** Follows the system while the page is open. Returns a function that stops it. */
export function followSystemTheme(): () => void {
  const query = systemIsDark();
  query.addEventListener("change", apply);
  return () => query.removeEventListener("change", apply);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, storedTheme);
}
