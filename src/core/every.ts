/** Calls `act` again and again, never twice at once. The first of several failures is told. Gives how to end it. */
export function every(ms: number, act: () => Promise<void>, failed: (error: unknown) => void): () => void {
  let [busy, well] = [false, true];
  const once = async (): Promise<void> => {
    busy = true;
    try {
      await act();
      well = true;
    } catch (error) {
      if (well) failed(error);
      well = false;
    }
    busy = false;
  };
  const timer = setInterval(() => !busy && void once(), ms);
  timer.unref();
  return () => clearInterval(timer);
}
