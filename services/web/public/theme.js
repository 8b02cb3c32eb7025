// Runs before the first paint, so that nobody who chose the dark theme sees a white flash. src/state/theme.ts does the rest.
(() => {
  let choice = null;
  try {
    choice = localStorage.getItem('caissa-theme');
  } catch {
    // A browser that keeps nothing gets the theme of the system.
  }
  const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();
