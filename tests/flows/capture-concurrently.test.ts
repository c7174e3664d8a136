import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capture } from '../../src/flows/capture-groups.ts';
import { capture } from '../../src/flows/capture.ts';
import { engineOver, openWith, request, slow } from '../support/engine.ts';
import { models } from '../support/arbitraries.ts';
import { projectId } from '../support/facts.ts';
import { expectedPeople, peopleIn, wrongsIn } from '../support/outcome.ts';
import { batches, everyone } from '../support/traffic.ts';

/** Requests that all come at once, each to one of two processes, some sent again to any of them under the same command id. */
const traffic = fc.record({
  model: models,
  requests: batches(10).chain((all) =>
    fc.tuple(
      ...all.map((captures) =>
        fc.record({
          captures: fc.constant(captures),
          process: fc.nat(1),
          again: fc.option(fc.nat(1), { nil: undefined, freq: 3 }),
        }),
      ),
    ),
  ),
  turns: fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }),
});

/** The leads after capturing everything in one batch, in one process, checked against a model without any of our code. */
const inOneBatch = async (model: Parameters<typeof openWith>[0], all: readonly Capture[]) => {
  const store = await openWith(model);
  const answers = await capture(engineOver(store), projectId, all, request('all'));
  const people = await peopleIn(store, everyone);
  expect(people.map(({ identifiers, activities }) => ({ identifiers, activities }))).toEqual(expectedPeople(all));
  expect(answers.filter(({ status }) => status === 'queued')).toHaveLength(
    people.reduce((sum, { activities }) => sum + activities.length, 0),
  );
  expect(await wrongsIn(store)).toEqual([]);
  await store.close();
  return people;
};

describe('Capturing through two processes at once', () => {
  it('comes to the same leads as capturing everything in one batch, each activity accepted once', async () => {
    await fc.assert(
      fc.asyncProperty(traffic, async ({ model, requests, turns }) => {
        const all = requests.flatMap(({ captures }) => captures);
        const expected = await inOneBatch(model, all);

        const store = await openWith(model);
        let turn = 0;
        const behind = slow(store, () => turns[turn++ % turns.length] ?? 0);
        const processes = [engineOver(behind), engineOver(behind)] as const;
        const send = async (process: number, captures: readonly Capture[], id: string) => {
          const answers = await capture(processes[process === 0 ? 0 : 1], projectId, captures, request(id));
          expect(answers.map(({ eventId }) => eventId)).toEqual(captures.map(({ activity }) => activity.eventId));
          return answers.map((answer, index) => ({ ...answer, item: `${id}/${index}` }));
        };
        const answers = await Promise.all(
          requests.flatMap(({ captures, process, again }, at) => [
            send(process, captures, `c${at}`),
            ...(again === undefined ? [] : [send(again, captures, `c${at}`)]),
          ]),
        );

        expect(await peopleIn(store, everyone)).toEqual(expected);
        expect(await wrongsIn(store)).toEqual([]);
        const queued = answers.flat().filter(({ status }) => status === 'queued');
        // One event id may be new to two leads that turn out to be one person's only later, but never to one lead twice.
        const accepted = Map.groupBy(queued, ({ leadId, eventId }) => `${leadId} ${eventId}`);
        for (const [what, by] of accepted) expect([what, new Set(by.map(({ item }) => item)).size]).toEqual([what, 1]);
        expect(answers.flat().some(({ conflict }) => conflict)).toBe(false);
        await store.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
