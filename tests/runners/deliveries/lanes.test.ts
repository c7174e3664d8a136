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
