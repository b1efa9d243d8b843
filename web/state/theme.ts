export type Theme = 'system' | 'light' | 'dark';

const KEY = 'guildhall-theme';

/** The theme chosen in this browser. `before-paint.js` applies it before anything is drawn. */
export function chosenTheme(): Theme {
  const kept = document.documentElement.dataset['theme'];
  return kept === 'light' || kept === 'dark' ? kept : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing still shows the choice until it is closed.
  }
}

/** Light to dark and back, whatever the system says. */
export function turnTheme(): void {
  const dark =
    chosenTheme() === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosenTheme() === 'dark';
  chooseTheme(dark ? 'light' : 'dark');
}
