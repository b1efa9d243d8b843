import { answerParent } from '#bench/load/answer-parent.ts';
import { cpuRate, type CpuRate } from '#bench/load/cpu-rate.ts';
import { peerModule } from './peer-module.ts';

/** Hubot's command bus alone: no adapter, no robot around it, its event log off as it is by default. */
answerParent({ echo });

interface Hubot {
  CommandBus: new (robot: object, options: object) => CommandBus;
}

interface CommandBus {
  register(spec: object): void;
  invoke(text: string, context: { user: User; room: string }): Promise<{ ok: boolean; result: string } | null>;
}

interface User {
  id: string;
  name: string;
  role: string;
}

/** Replies per second of processor time of one echo command among `commands`, each with an argument and a role. */
async function echo({
  commands,
  warm,
  seconds,
}: {
  commands: number;
  warm: number;
  seconds: number;
}): Promise<CpuRate> {
  const bus = await busOf(commands);
  const context = { user: { id: 'acct_1', name: 'ann', role: 'member' }, room: 'room_1' };
  let asked = 0;
  const round = async (): Promise<number> => {
    for (let i = 0; i < 100; i++) {
      const word = `hello${++asked}`;
      const answer = await bus.invoke(`echo --text ${word}`, context);
      if (answer?.result !== word) throw new Error(`Hubot said ${JSON.stringify(answer)}`);
    }
    return 100;
  };
  return cpuRate(round, { warm, seconds });
}

async function busOf(commands: number): Promise<CommandBus> {
  const { CommandBus } = await peerModule<Hubot>('hubot');
  const permissionProvider = { hasRole: (user: User, roles: string[]) => roles.includes(user.role) };
  const bus = new CommandBus({}, { permissionProvider });
  for (let i = 1; i < commands; i++) bus.register(command(`other${i}`));
  bus.register(command('echo'));
  return bus;
}

function command(id: string): object {
  return {
    id,
    description: 'Says the word again',
    args: { text: { type: 'string', required: true } },
    permissions: { roles: ['member'] },
    confirm: 'never',
    handler: ({ args }: { args: { text: string } }) => args.text,
  };
}
