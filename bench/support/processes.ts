import type { ChildProcess } from 'node:child_process';
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The folder of this checkout. */
export const root = join(import.meta.dirname, '..', '..');

/** Whether processes can be kept on a core here. */
export const canPin = spawnSync('taskset', ['--version']).status === 0;

/** A process of ours that was started and says things to us. */
export type Started = {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The next message that it sends. Rejects when it ends before. */
  readonly says: () => Promise<unknown>;
  /** Ends it and resolves when it is gone. SIGTERM unless said. */
  readonly end: (signal?: NodeJS.Signals) => Promise<void>;
};

type Starting = {
  readonly args?: readonly string[];
  /** All of its environment but PATH, NODE_ENV and what Node is told for all processes. */
  readonly env?: Readonly<Record<string, string>>;
  readonly core?: number;
  /** What Node is started with. */
  readonly flags?: readonly string[];
  /** The folder that it works in, the checkout unless given. */
  readonly cwd?: string;
  /** The executable of Node, our own unless given. */
  readonly node?: string;
  /** Is given what it writes to its output. */
  readonly onOutput?: (text: string) => void;
};

const leash = ['--import', new URL('leash.ts', import.meta.url).href];
const quiet = ['--disable-warning=ExperimentalWarning'];

/** Starts a file of the repository as a process that may send messages, kept on a core when one is named. */
export const started = (file: string, starting: Starting = {}): Started => {
  const { args = [], env = {}, core, flags = quiet, cwd = root, node = process.execPath, onOutput } = starting;
  const { PATH = '', NODE_OPTIONS = '', NODE_COMPILE_CACHE = '' } = process.env;
  const pinned = core !== undefined && canPin;
  const child = fork(join(root, file), [...args], {
    cwd,
    stdio: ['ignore', onOutput ? 'pipe' : 'ignore', 'inherit', 'ipc'],
    env: { PATH, NODE_OPTIONS, NODE_COMPILE_CACHE, NODE_ENV: 'production', ...env },
    ...(pinned
      ? { execPath: 'taskset', execArgv: ['-c', String(core), node, ...flags, ...leash] }
      : { execPath: node, execArgv: [...flags, ...leash] }),
  });
  child.stdout?.on('data', (part: Buffer) => onOutput?.(part.toString()));
  const ended = once(child, 'exit');
  // Nothing that was started outlives us, and what it started is on a leash.
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.then(() => process.off('exit', kill));
  return {
    pid: child.pid ?? 0,
    child,
    says: async () => {
      const gone = new AbortController();
      const said = once(child, 'message', { signal: gone.signal }).then(([message]) => message as unknown);
      const died = ended.then(([code, signal]) => {
        throw new Error(`${file} ended with ${String(code ?? signal)} before it said anything`);
      });
      try {
        return await Promise.race([said, died]);
      } finally {
        gone.abort();
        said.catch(() => undefined);
        died.catch(() => undefined);
      }
    },
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
    },
  };
};
