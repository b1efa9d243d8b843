/** Answers what the starting process asks by name, one reply a question. The process ends when its parent does. */
export function answerParent(answers: Record<string, (value: never) => unknown>): void {
  process.on('message', (asked: Asked) => void answer(answers, asked));
  process.once('disconnect', () => process.exit(0));
  process.once('SIGTERM', () => process.exit(0));
}

interface Asked {
  id: number;
  name: string;
  value: unknown;
}

async function answer(answers: Record<string, (value: never) => unknown>, { id, name, value }: Asked): Promise<void> {
  try {
    const act = answers[name];
    if (!act) throw new Error(`nothing is called ${name} here`);
    process.send?.({ id, value: (await act(value as never)) ?? null });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
