import { started } from './processes.ts';

/**
 * Requests to send over some connections, each connection the next one when it has its answer: for some `seconds` the bodies
 * over and over again, or each `once`. What was sent is always waited for, so that what was answered can be counted.
 */
export type Load = {
  readonly url: string;
  readonly path: string;
  readonly connections: number;
  readonly seconds?: number;
  readonly once?: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodies: readonly string[];
};

/** What came of it, with latencies in ms. */
export type Loaded = {
  /** How long requests were sent; answers that came later are not `inTime`, but `answered`. */
  readonly seconds: number;
  /** When the first connection was opened, in ms since 1970. */
  readonly begun: number;
  /** How long it took until the last answer, in seconds. */
  readonly lasted: number;
  readonly answered: number;
  readonly inTime: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Why connections broke. */
  readonly errors: readonly string[];
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** The generator's share of its core. Near 1 it is the generator that is measured. */
  readonly busy: number;
};

/** The core that the generator has to itself as far as that goes: the last of two. */
export const generatorCore = 1;

/**
 * Loads a server from a process of its own on its own core; `rate` is in answers a second. Throws when a connection breaks
 * or an answer has another status than expected.
 */
export const loaded = async (load: Load, expected: number): Promise<Loaded & { readonly rate: number }> => {
  const generator = started('bench/support/load-process.ts', { core: generatorCore });
  try {
    generator.child.send(load);
    const result = (await generator.says()) as Loaded;
    const { statuses, errors, inTime, seconds } = result;
    const others = Object.keys(statuses).filter((status) => status !== String(expected));
    if (errors.length > 0 || others.length > 0)
      throw new Error(
        `${load.path} did not answer all with ${expected}: ${JSON.stringify({ statuses, broken: errors.length, why: [...new Set(errors)] })}`,
      );
    return { ...result, rate: inTime / seconds };
  } finally {
    await generator.end('SIGKILL');
  }
};
