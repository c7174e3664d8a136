import { expect, it } from 'vitest';
import type { QueueDocument } from '../../../src/projections/delivery-queues.ts';
import { openLanes } from '../../../src/runners/deliveries/lanes.ts';
import { projectId } from '../../support/facts.ts';
import { noon } from '../../support/noon.ts';

const queuesOf = (endpointId: string, count: number): readonly QueueDocument[] =>
  Array.from({ length: count }, (_, n) => ({
    queue: `${endpointId}.${n}`,
    projectId,
    endpointId,
    pending: 1,
    ids: [`d${n}`],
    dueAt: noon.toISOString(),
    last: n,
  }));

/** Lanes of endpoints that never answer. */
const hanging = () => {
  const begun: string[] = [];
  const lanes = openLanes({
    widthOf: (_, usual) => usual,
    send: ({ endpointId }) => {
      begun.push(endpointId);
      return new Promise(() => undefined);
    },
    onError: (error) => {
      throw error;
    },
    onHungry: () => undefined,
  });
  const offer = (endpointId: string, count: number): void => {
    lanes.offer(endpointId, queuesOf(endpointId, count), false);
    lanes.begin();
  };
  return { offer, begunOf: (endpointId: string) => begun.filter((each) => each === endpointId).length };
};

it('One endpoint that hangs has many queues in hand, and not all', () => {
  const { offer, begunOf } = hanging();
  offer('slow', 100);
  expect(begunOf('slow')).toBe(32);
});

it('Many endpoints that hang leave room for another', () => {
  const { offer, begunOf } = hanging();
  for (let n = 0; n < 16; n++) offer(`slow-${n}`, 100);
  offer('quick', 8);
  expect(begunOf('quick')).toBe(8);
});

it('What was sent is remembered by endpoint until it is shown otherwise, and is not sent again as it was', async () => {
  const begun: string[] = [];
  const lanes = openLanes({
    widthOf: (_, usual) => usual,
    send: async ({ queue }) => {
      begun.push(queue);
      return { position: 10 };
    },
    onError: (error) => {
      throw error;
    },
    onHungry: () => undefined,
  });
  const send = async (queues: readonly QueueDocument[]): Promise<void> => {
    lanes.offer('one', queues, false);
    lanes.begin();
    await lanes.idle();
  };
  const [first, second] = queuesOf('one', 2);
  if (!first || !second) throw new Error('Two were made');
  await send([first, second]);
  expect([lanes.held('one'), lanes.held('other')]).toEqual([2, 0]);
  // One is shown as it was, the other is not shown any more.
  await send([first]);
  expect([begun.length, lanes.held('one')]).toEqual([2, 1]);
  await send([{ ...first, last: 11 }, second]);
  expect(begun).toEqual([first, second, first, second].map(({ queue }) => queue));
});
