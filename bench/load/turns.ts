/**
 * What a socket does with what is handed over: it comes with the next turn of the event loop, all of it together, in order.
 */
export function turns(): (work: () => void) => void {
  let waiting: (() => void)[] = [];
  const come = (): void => {
    const all = waiting;
    waiting = [];
    for (const work of all) work();
  };
  return (work) => {
    if (waiting.push(work) === 1) setImmediate(come);
  };
}
