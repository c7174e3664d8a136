import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { factsOf } from '../../src/queries/tracing-facts.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { activity, activityRecorded } from '../support/facts.ts';
import { allFacts, engineOver, openLog } from '../support/engine.ts';

const opened: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of opened.toReversed()) await close();
});

/** Somebody who brings a number of facts to a stream, under a correlation id. */
const step = fc.record({
  stream: fc.constantFrom('lead-a.1', 'lead-a.2', 'lead-a.3', 'lead-b.1', 'project-a', 'job-b.1', 'parked-a.r.1'),
  correlationId: fc.constantFrom('x', 'x.y', 'y'),
  count: fc.integer({ min: 1, max: 4 }),
});

const tracing = async () => {
  const store = openLog();
  const readModels = openSqliteReadModels(':memory:');
  const running = await runProjections({ store, readModels, now: () => new Date() });
  opened.push(
    () => store.close(),
    () => readModels.close(),
    () => running.stop(),
  );
  return { store, running, reading: { states: engineOver(store).states, readModels } };
};

describe('The facts of a correlation id', () => {
  it('come in the order of the log, each once, in pages of any size, of one project or of all', async () => {
    const { store, running, reading } = await tracing();
    const revisions = new Map<string, number>();
    const run = { number: 0 };

    const write = async (steps: readonly { stream: string; correlationId: string; count: number }[]) => {
      run.number += 1;
      for (const [n, { stream, correlationId, count }] of steps.entries()) {
        const expected = revisions.get(stream) ?? -1;
        const metadata = { commandId: 'c', causationId: 'c', correlationId: `${correlationId}-${run.number}` };
        const facts = Array.from({ length: count }, (_, at) => ({
          ...activityRecorded(activity({ eventId: `${run.number}-${n}-${at}` })),
          id: `${run.number}-${n}-${at}`,
          metadata,
        }));
        const { revision } = await store.append(stream, expected, facts);
        revisions.set(stream, revision);
      }
      await running.reached(await store.head());
    };

    const pages = async (
      wanted: { correlationId: string; projectId: string | undefined },
      limit: number,
      many?: number,
    ) => {
      const found = [];
      let after: readonly (string | number)[] | undefined;
      for (;;) {
        const page = await factsOf(reading, wanted, { limit, ...(after && { after }) }, many);
        expect(page.docs.length).toBeLessThanOrEqual(limit);
        found.push(...page.docs);
        if (!page.next) return found;
        after = page.next;
      }
    };

    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        async (steps, limit) => {
          await write(steps);
          const all = await allFacts(store);
          for (const id of ['x', 'x.y', 'y'].map((each) => `${each}-${run.number}`)) {
            const own = all.filter(({ metadata }) => metadata.correlationId === id);
            expect(await pages({ correlationId: id, projectId: undefined }, limit)).toEqual(own);
            const ofA = own.filter(({ stream }) => /^[a-z]+-a\b/.test(stream));
            expect(await pages({ correlationId: id, projectId: 'a' }, limit)).toEqual(ofA);
            // In portions of two streams the order is another, but nothing is missing and nothing comes twice.
            const inPortions = await pages({ correlationId: id, projectId: undefined }, limit, 2);
            expect(inPortions.toSorted((a, b) => a.position - b.position)).toEqual(own);
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});
