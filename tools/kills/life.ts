import { started } from '../../bench/support/processes.ts';
import type { Ask, Said } from './asked.ts';
import { said } from './asked.ts';

type Of<K extends Said['kind']> = Extract<Said, { readonly kind: K }>;

/** One process, from its start to its end. */
export type Life = {
  readonly ask: (what: Ask) => void;
  /** Resolves with the next that it says of this kind, or what it said of it before that was not waited for. Rejects when it ends. */
  readonly says: <K extends Said['kind']>(kind: K) => Promise<Of<K>>;
  /** Ends it as a power cut would; resolves when it is gone. */
  readonly kill: () => Promise<void>;
};

/** It lives for less than a second: what pays off later is not begun. */
const flags = ['--disable-warning=ExperimentalWarning', '--single-threaded-gc', '--min-semi-space-size=16'];

/** Starts a process, which opens nothing until it is told to. `onRecorded` hears what it recorded. */
export const startLife = (
  env: Readonly<Record<string, string>>,
  onRecorded: (recorded: Of<'recorded'>) => void,
): Life => {
  const { child, end } = started('tools/kills/process.ts', { env, flags });
  const waiting = new Map<string, PromiseWithResolvers<Said>>();
  const of = (kind: string): PromiseWithResolvers<Said> => {
    const known = waiting.get(kind) ?? Promise.withResolvers<Said>();
    // Who is killed has nobody wait for it.
    known.promise.catch(() => undefined);
    waiting.set(kind, known);
    return known;
  };
  child.on('message', (message: unknown) => {
    const what = said.parse(message);
    if (what.kind === 'recorded') onRecorded(what);
    else of(what.kind).resolve(what);
  });
  child.once('exit', (code, signal) => {
    for (const kind of ['loaded', 'open', 'endpoints', 'closed'])
      of(kind).reject(new Error(`The process ended with ${String(code ?? signal)} before it was ${kind}`));
  });
  const isOf = <K extends Said['kind']>(what: Said, kind: K): what is Of<K> => what.kind === kind;
  return {
    ask: (what) => {
      if (child.connected) child.send(what, () => undefined);
    },
    says: async (kind) => {
      const what = await of(kind).promise;
      if (!isOf(what, kind)) throw new Error(`It said ${what.kind}, not ${kind}`);
      return what;
    },
    kill: () => end('SIGKILL'),
  };
};
