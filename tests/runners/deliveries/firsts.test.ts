import { expect, it, onTestFinished } from 'vitest';
import type { DeliveryDocument } from '../../../src/projections/deliveries.ts';
import { deliveries } from '../../../src/projections/deliveries.ts';
import { allProjects } from '../../../src/projections/projects.ts';
import type { ReadModels } from '../../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../../src/readmodels/sqlite/read-models.ts';
import { openFirsts } from '../../../src/runners/deliveries/firsts.ts';
import { projectId } from '../../support/facts.ts';
import { noon } from '../../support/noon.ts';

const docOf = (deliveryId: string, queue: string, order: number): DeliveryDocument => ({
  deliveryId,
  projectId,
  endpointId: 'e1',
  toldId: deliveryId,
  type: 'lead.qualified',
  state: 'pending',
  attempts: [],
  tried: 0,
  attempted: 0,
  createdAt: noon.toISOString(),
  queue,
  order,
  forgetAt: noon.toISOString(),
});

/** Read models with deliveries, that count what they are asked. */
const given = async (...docs: readonly DeliveryDocument[]) => {
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  await readModels.prepare([deliveries]);
  const stored = docs.map((doc) => ({ project: allProjects, id: doc.deliveryId, position: 1, doc }));
  await readModels.save(deliveries, stored, 1);
  const count = { finds: 0 };
  const find: ReadModels['find'] = (...asked) => {
    count.finds += 1;
    return readModels.find(...asked);
  };
  return { firsts: openFirsts({ find }), count };
};

const single = (queue: string) => ({ queue, pending: 1 });

it('What is asked for in one turn is looked up together', async () => {
  const { firsts, count } = await given(docOf('d1', 'q1', 1), docOf('d2', 'q2', 2));
  const found = await Promise.all(['q1', 'q2', 'empty'].map((queue) => firsts.of(single(queue))));
  expect(found.map((doc) => doc?.deliveryId)).toEqual(['d1', 'd2', undefined]);
  expect(count.finds).toBe(1);
});

it('A queue that has more by now gives its first, and takes nothing from others', async () => {
  const more = Array.from({ length: 10 }, (_, n) => docOf(`more-${n}`, 'a', 10 - n));
  const { firsts } = await given(...more, docOf('d1', 'b', 1), docOf('d2', 'c', 2));
  const found = await Promise.all(['a', 'b', 'c'].map((queue) => firsts.of(single(queue))));
  expect(found.map((doc) => doc?.deliveryId)).toEqual(['more-9', 'd1', 'd2']);
});

it('A queue that is known to have many gives its first alone', async () => {
  const { firsts } = await given(docOf('later', 'a', 9), docOf('first', 'a', 3), docOf('d1', 'b', 1));
  const found = await Promise.all([firsts.of({ queue: 'a', pending: 2 }), firsts.of(single('b'))]);
  expect(found.map((doc) => doc?.deliveryId)).toEqual(['first', 'd1']);
});

it('Whoever asks is told why that fails, and what is asked later is looked up anew', async () => {
  let asked = 0;
  const firsts = openFirsts({
    find: async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return { docs: [] };
    },
  });
  const failed = await Promise.allSettled([firsts.of(single('a')), firsts.of(single('b'))]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await firsts.of(single('a'))).toBeUndefined();
});
