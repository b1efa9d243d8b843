/** Ended by a signal, npm leaves what it started behind without telling it: where that parent is gone, `close` is called. */
export function whenOrphaned(close: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    close();
  }, 500);
  timer.unref();
}
