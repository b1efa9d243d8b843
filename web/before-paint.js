// Applies the theme chosen in this browser before anything is drawn.
try {
  const theme = localStorage.getItem('guildhall-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is shut: the system's scheme holds.
}
