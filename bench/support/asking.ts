import { generatorCore } from './load.ts';
import { started } from './processes.ts';

/** Something to ask in many ways, and which field of the answer, a list with something in it, shows that it was answered. */
export type Question = { readonly name: string; readonly paths: readonly string[]; readonly shows?: string };

/** Questions to ask one at a time, in turn, while bodies of events are sent to `path` at a steady pace. */
export type Asking = {
  readonly url: string;
  readonly key: string;
  readonly questions: readonly Question[];
  /** How often each question is asked. */
  readonly times: number;
  readonly events: { readonly path: string; readonly bodies: readonly string[]; readonly everyMs: number };
};

/** How long each answer took, in ms, by question; how many bodies were acknowledged, in how many seconds. */
export type Asked = {
  readonly latencies: Readonly<Record<string, readonly number[]>>;
  readonly acknowledged: number;
  readonly seconds: number;
};

/** Asks from a process of its own. Throws when an answer is not what it should be. */
export const askedAbout = async (asking: Asking): Promise<Asked> => {
  const process = started('bench/support/asking-process.ts', { core: generatorCore });
  try {
    process.child.send(asking);
    return (await process.says()) as Asked;
  } finally {
    await process.end('SIGKILL');
  }
};
