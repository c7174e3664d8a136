import { TooManyConflicts } from '../engine/errors.ts';
import type { Batch } from '../eventstore/event-store.ts';
import type { Stored } from '../readmodels/documents.ts';
import type { Counts } from '../projections/dashboard.ts';
import { dashboard, startOf } from '../projections/dashboard.ts';
import type { Rebuilding } from './rebuild-lead.ts';
import { folding, forgetAtHand } from '../projections/repair.ts';

/** How many documents are kept at most before those that no later fact touches are written. */
const many = 4_000;

/** How often it is tried while others keep counting. */
const tries = 50;

/** `facts` gives the project's next facts after a position; none when there are no more by now. */
type Counting = Rebuilding & { readonly facts: (position: number) => Promise<Batch> };

/** Whether a minute, hour or day is over at a time: what is recorded later counts elsewhere. */
const isOver = ({ doc }: Stored<Counts>, time: Date): boolean =>
  doc !== undefined && doc.unit !== 'total' && doc.at < startOf(doc.unit, time);

/**
 * Counts a project's facts again from the log, and puts the numbers in the place of those that are there, while others go on
 * counting. Throws `TooManyConflicts` when they do so all the time.
 */
export const rebuildDashboard = async (
  { readModels, reached, head, facts }: Counting,
  projectId: string,
): Promise<void> => {
  const { documents, add } = folding(dashboard, ({ project }) => project === projectId);
  let position = 0;

  /** Puts what was counted in the place of what is there. Tells whether that was all counted to where we are, and nobody else wrote. */
  const write = async (counted: readonly Stored<Counts>[]): Promise<boolean> => {
    await reached(position);
    const stored = new Map((await readModels.load(dashboard, counted)).map((each) => [each.id, each.position]));
    const end = await head();
    if ([...stored.values()].some((each) => each > position && each <= end)) return false;
    return readModels.replace(
      dashboard,
      counted.map((each) => ({ ...each, replaces: stored.get(each.id) })),
    );
  };

  const writeOver = async (time: Date): Promise<void> => {
    const over = [...documents].filter(([, document]) => isOver(document, time));
    if (await write(over.map(([, document]) => document))) for (const [name] of over) documents.delete(name);
  };

  /** Counts on to the end of the log. */
  const count = async (): Promise<void> => {
    for (let end = await head(); position < end;) {
      const batch = await facts(position);
      for (const event of batch.events) add(event);
      position = batch.position;
      const last = batch.events.at(-1);
      if (!last) return;
      if (documents.size > many) await writeOver(last.recordedAt);
    }
  };

  const isThere = async (): Promise<boolean> => {
    const all = [...documents.values()];
    const found = new Map((await readModels.load(dashboard, all)).map(({ id, doc }) => [id, JSON.stringify(doc)]));
    return all.every(({ id, doc }) => found.get(id) === JSON.stringify(doc));
  };

  for (let left = tries; left > 0; left--) {
    await count();
    if (!(await write([...documents.values()]))) continue;
    // A batch that was begun before may still write what was at hand; once it has, all is seen.
    await forgetAtHand(readModels);
    await reached(await head());
    await count();
    await reached(position);
    if (await isThere()) return;
  }
  throw new TooManyConflicts(`The dashboard of project ${projectId}`);
};
