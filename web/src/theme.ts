// Dark or light: the system's wish until the operator says otherwise; the choice is kept in this browser.

const key = "mlbot.theme";
const listeners: (() => void)[] = [];

export function applyStoredTheme(): void {
  const wish = localStorage.getItem(key);
  const dark = wish ? wish === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

export function toggleTheme(): void {
  const next = document.documentElement.dataset["theme"] === "dark" ? "light" : "dark";
  localStorage.setItem(key, next);
  applyStoredTheme();
  for (const listener of listeners) listener();
}

export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

/** A colour of the theme, for canvases that cannot read CSS. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
