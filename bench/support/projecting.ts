import { started } from './processes.ts';

/** A log to project into a new or old file of read models: one projection by its name, or all. */
export type Projecting = { readonly log: string; readonly documents: string; readonly only?: string };

/** How long the projections took, in seconds, and which position they came to. */
export type Projected = { readonly seconds: number; readonly head: number };

/** Lets the product's projections come to the end of a log, in a process of its own. */
export const projected = async (projecting: Projecting): Promise<Projected> => {
  const process = started('bench/support/projecting-process.ts');
  process.child.send(projecting);
  const answer = (await process.says()) as Projected;
  await process.end('SIGKILL');
  return answer;
};
