/** A menu: the first item has the focus, arrows move, Escape, Tab and a press elsewhere close. */
export function menuKeys(close: () => void) {
  return (menu: HTMLElement): (() => void) => {
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !menu.contains(event.target) && !isOpener(event.target)) close();
    };
    const keys = (event: KeyboardEvent) => onKey(menu, event, close);
    menu.addEventListener('keydown', keys);
    document.addEventListener('pointerdown', outside);
    itemsOf(menu)[0]?.focus();
    return () => {
      menu.removeEventListener('keydown', keys);
      document.removeEventListener('pointerdown', outside);
    };
  };
}

function onKey(menu: HTMLElement, event: KeyboardEvent, close: () => void): void {
  if (event.key === 'Escape' || event.key === 'Tab') {
    event.preventDefault();
    event.stopPropagation();
    close();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = itemsOf(menu);
  const at = items.findIndex((item) => item === document.activeElement);
  items.at((at + step) % items.length)?.focus();
}

function itemsOf(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')];
}

/** The button that opens the menu closes it by itself. */
function isOpener(target: Node): boolean {
  return target instanceof Element && target.closest('[aria-haspopup="menu"][aria-expanded="true"]') !== null;
}
