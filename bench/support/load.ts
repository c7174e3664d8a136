import { started } from './processes.ts';

/** Requests to send for some seconds over some connections: the bodies in turn, beginning elsewhere on each connection. */
export type Load = {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly string[];
};

/** What came of it: answers by status, errors of connections, and latencies in ms. */
export type Loaded = {
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly errors: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
};

/** The core that the generator has to itself as far as that goes: the last of two. */
const generatorCore = 1;

/** Loads a server from a process of its own on its own core. Throws when an answer has another status than expected. */
export const loaded = async (load: Load, expected: number): Promise<Loaded & { readonly rate: number }> => {
  const generator = started('bench/support/load-process.ts', { core: generatorCore });
  generator.child.send(load);
  const result = (await generator.says()) as Loaded;
  await generator.end('SIGKILL');
  const { statuses, errors, seconds } = result;
  const others = Object.keys(statuses).filter((status) => status !== String(expected));
  if (errors > 0 || others.length > 0)
    throw new Error(`Not all were answered with ${expected}: ${JSON.stringify({ statuses, errors })}`);
  return { ...result, rate: (statuses[expected] ?? 0) / seconds };
};
