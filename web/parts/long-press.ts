const PRESS_MS = 450;
const STILL_PX = 10;

/** Calls `act` when a finger rests on the element. */
export function longPress(act: () => void) {
  return (element: HTMLElement): (() => void) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let start = { x: 0, y: 0 };
    const cancel = () => clearTimeout(timer);
    const down = (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      start = { x: event.clientX, y: event.clientY };
      timer = setTimeout(act, PRESS_MS);
    };
    const move = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > STILL_PX) cancel();
    };
    const listeners = { pointerdown: down, pointermove: move, pointerup: cancel, pointercancel: cancel } as const;
    const pairs = Object.entries(listeners) as [keyof typeof listeners, (event: PointerEvent) => void][];
    for (const [type, listener] of pairs) element.addEventListener(type, listener);
    return () => {
      cancel();
      for (const [type, listener] of pairs) element.removeEventListener(type, listener);
    };
  };
}
