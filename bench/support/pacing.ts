import { generatorCore } from './load.ts';
import { started } from './processes.ts';

/** Bodies of events that are sent by a clock, one each `everyMs`, whether or not those before are answered. */
export type Pacing = {
  readonly url: string;
  readonly key: string;
  readonly path: string;
  readonly bodies: readonly string[];
  readonly everyMs: number;
  /** How many of the bodies only warm up. */
  readonly warmUp: number;
  /** What is read to see whether the events of a body are there, after each second one. */
  readonly read: string;
};

/** What came of it, in ms: until the answers, and from an answer until the read models had what it acknowledged. */
export type Paced = {
  readonly answers: readonly number[];
  readonly lags: readonly number[];
  /** How much later than the clock said the latest body was sent. */
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
