import { generatorCore } from './load.ts';
import { started } from './processes.ts';

/** Bodies of events that are sent by a clock, whether or not those before are answered. */
export type Pacing = {
  readonly url: string;
  readonly key: string;
  readonly path: string;
  readonly bodies: readonly string[];
  /** How many bodies are due a second. */
  readonly rate: number;
  /** How many of the bodies only warm up. */
  readonly warmUp: number;
  /** The status of the answer to each. */
  readonly expected: number;
  /** What is read to see whether the events of a body are there, after one in so many. */
  readonly read: { readonly path: string; readonly every: number };
};

/** What came of it, in ms: from when a body was due until its answer, and from an answer until the read models had its events. */
export type Paced = {
  readonly answers: readonly number[];
  readonly lags: readonly number[];
  /** How much later than the clock said the latest body was in line. */
  readonly late: number;
};

/** Sends from a process of its own. Throws when an event is not acknowledged, or can't be read in the end. */
export const paced = async (pacing: Pacing): Promise<Paced> => {
  const process = started('bench/support/pacing-process.ts', { core: generatorCore });
  try {
    process.child.send(pacing);
    return (await process.says()) as Paced;
  } finally {
    await process.end('SIGKILL');
  }
};
