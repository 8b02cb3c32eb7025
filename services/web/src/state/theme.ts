import { createStore } from './store';

/** What a visitor chose; `system` follows the operating system. */
export type ThemeChoice = 'system' | 'light' | 'dark';

/** All choices, in the order in which they are offered. */
export const THEME_CHOICES: readonly ThemeChoice[] = ['system', 'light', 'dark'];

const KEY = 'caissa-theme';
const darkSystem = matchMedia('(prefers-color-scheme: dark)');

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

/** The chosen theme. */
export const themeChoice = createStore<ThemeChoice>(stored());

/** The theme that is shown. */
export const shownTheme = createStore<'light' | 'dark'>(resolve());

function resolve(): 'light' | 'dark' {
  const choice = themeChoice.get();
  return choice === 'system' ? (darkSystem.matches ? 'dark' : 'light') : choice;
}

function apply(): void {
  shownTheme.set(resolve());
  document.documentElement.dataset['theme'] = shownTheme.get();
}

/** Chooses a theme, for the next visit too where the browser keeps things. */
export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.set(choice);
  try {
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // It holds for this visit.
  }
  apply();
}

darkSystem.addEventListener('change', apply);
