/** The line that the reader has at the top of the log, and how far below the edge it stands. */
export type Place = { line: Element; top: number };

const FOOT_PX = 32;

/** The log is laid out from its foot: 0 is the newest, and further up is negative. */
export function isAtFoot(log: HTMLElement): boolean {
  return log.scrollTop > -FOOT_PX;
}

/** Pixels above what is in sight. */
export function distanceToTop(log: HTMLElement): number {
  return log.scrollHeight - log.clientHeight + log.scrollTop;
}

export function placeOf(log: HTMLElement): Place | null {
  const edge = log.getBoundingClientRect().top;
  for (const line of log.querySelectorAll('.line')) {
    const { top, bottom } = line.getBoundingClientRect();
    if (bottom > edge) return { line, top: top - edge };
  }
  return null;
}

/** Scrolls by as much as the line has moved. */
export function restore(log: HTMLElement, place: Place): void {
  if (!place.line.isConnected) return;
  const moved = place.line.getBoundingClientRect().top - log.getBoundingClientRect().top - place.top;
  if (Math.abs(moved) >= 1) log.scrollTop += moved;
}

/** Brings the “new” line into sight at the top. False where it is in sight already, or there is none. */
export function showLine(log: HTMLElement): boolean {
  const line = log.querySelector('.day-new');
  if (!line) return false;
  const above = line.getBoundingClientRect().top - log.getBoundingClientRect().top;
  if (above >= 0) return false;
  log.scrollTop += above - 8;
  return true;
}

/** Puts the focus on the next line up or down; from the log itself, on the newest one. */
export function moveLine(log: HTMLElement, step: 1 | -1): void {
  const lines = [...log.querySelectorAll<HTMLElement>('[data-line]')];
  const at = lines.findIndex((line) => line === document.activeElement);
  const next = at === -1 ? lines.at(-1) : lines[at + step];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}
