/** What was pressed or has the focus in a row of a list, and where it stands there. */
type Held = {
  button: HTMLElement;
  /** The button's own words, which are those of the other rows' as well. */
  words: string;
  /** Its place among the buttons of the row. */
  at: number;
  row: Element;
  rows: Element[];
  section: Element | null;
  main: Element | null;
};

/**
 * A button that ends what its row is about goes with the row, and would leave the focus nowhere. It goes on to the same
 * button of the next row, else of the one before, else to the head of the section. The answer ends it.
 */
export function keepFocus(): () => void {
  let held: Held | null = null;
  const look = ({ target }: Event): void => {
    // A dialog asks before the row goes: what opened it is still what was pressed.
    if (target instanceof Element && !target.closest('dialog')) held = heldBy(target);
  };
  const watch = new MutationObserver(() => {
    if (held?.button.isConnected) held = heldBy(held.button);
    else if (held && document.activeElement === document.body) placeAfter(held)?.focus();
  });
  for (const event of WAYS) document.addEventListener(event, look);
  watch.observe(document.body, { childList: true, subtree: true });
  return () => {
    for (const event of WAYS) document.removeEventListener(event, look);
    watch.disconnect();
  };
}

/** A press does not give the focus in every browser. */
const WAYS = ['focusin', 'pointerdown'] as const;
const ROW = '.rows > li, .person, tbody > tr';
const BUTTON = 'button, a.button';

function heldBy(target: Element): Held | null {
  const [button, row] = [target.closest<HTMLElement>(BUTTON), target.closest(ROW)];
  if (!button || !row?.contains(button)) return null;
  return {
    button,
    words: wordsOf(button),
    at: buttonsOf(row).indexOf(button),
    row,
    rows: [...(row.parentElement?.children ?? [])],
    section: row.closest('section'),
    main: row.closest('main'),
  };
}

function placeAfter(held: Held): HTMLElement | null {
  const { row, rows, at, words } = held;
  const place = rows.indexOf(row);
  const others = [...rows.slice(place + 1), ...rows.slice(0, place).toReversed()].filter((one) => one.isConnected);
  const instead = row.isConnected ? buttonsOf(row)[at] : undefined;
  const same = others.flatMap(buttonsOf).find((one) => wordsOf(one) === words);
  return instead ?? same ?? headOf(held);
}

/** Of a section that went with its last row: the page’s own. Nothing where the reader has left the page. */
function headOf({ section, main }: Held): HTMLElement | null {
  const head = section?.isConnected ? section.querySelector<HTMLElement>('h2') : null;
  const found = head ?? (main?.isConnected ? main.querySelector<HTMLElement>('h1') : null);
  if (found) found.tabIndex = -1;
  return found;
}

function buttonsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>(BUTTON)];
}

function wordsOf(button: HTMLElement): string {
  return button.textContent.trim();
}
