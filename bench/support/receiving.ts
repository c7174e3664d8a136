import { setTimeout as sleep } from 'node:timers/promises';
import { generatorCore } from './load.ts';
import { started } from './processes.ts';
import type { Product } from './product.ts';
import { mustSucceed } from './routed.ts';

/** What came: how many that are never answered, and of each other how long after its fact was recorded it came, in ms. */
export type Came = { readonly hanging: number; readonly waits: number[] };

/** Something that webhooks are sent to, in a process of its own. */
export type Receiving = {
  /** Where those go that are answered after so many ms, or never. */
  readonly url: (answeredAfter: number | 'never') => string;
  /** Resolves with what came since it was asked last, when so many have been answered. Throws when they don't come any more. */
  readonly until: (count: number) => Promise<Came>;
  readonly end: () => Promise<void>;
};

/** For how long nothing may come, in ms, how often is looked, and how long the last answers take at most. */
const [patience, lookEvery, lastAnswers] = [30_000, 100, 50];

export const startReceiving = async (): Promise<Receiving> => {
  const process = started('bench/support/receiving-process.ts', { core: generatorCore });
  const port = Number(await process.says());
  const ask = async (): Promise<Came> => {
    process.child.send('what came');
    return (await process.says()) as Came;
  };
  const until = async (count: number): Promise<Came> => {
    let all: Came = { hanging: 0, waits: [] };
    for (let idle = 0; all.waits.length < count; idle += lookEvery) {
      if (idle > patience) throw new Error(`${all.waits.length} of ${count} webhooks came, and no more do`);
      await sleep(lookEvery);
      const { hanging, waits } = await ask();
      if (waits.length > 0) idle = 0;
      all = { hanging: all.hanging + hanging, waits: [...all.waits, ...waits] };
    }
    if (all.waits.length > count) throw new Error(`${all.waits.length} webhooks came, and ${count} were due`);
    await sleep(lastAnswers);
    return all;
  };
  return {
    url: (after) => `http://127.0.0.1:${port}/${after === 'never' ? 'hanging' : after}`,
    until,
    end: () => process.end('SIGKILL'),
  };
};

/** The settings of a product that may send webhooks to this machine. */
export const sendingHere = { DELIVERY_ALLOW: '127.0.0.0/8' } as const;

/** Has a project tell an endpoint of leads that qualify. */
export const tellOf = ({ ask, adminKey }: Product, projectId: string, url: string): Promise<void> =>
  mustSucceed(ask('POST', `/api/projects/${projectId}/endpoints`, adminKey, { url, types: ['lead.qualified'] }));
