import { expect, it } from 'vitest';
import type { DueDelivery } from '../../../src/runners/deliveries/due.ts';
import { openUntried } from '../../../src/runners/deliveries/due.ts';
import { leadId, projectId } from '../../support/facts.ts';

/** A delivery of the fact at a position, which follows from that. */
const of = (position: number, over: Partial<DueDelivery> = {}): DueDelivery => ({
  deliveryId: `d${position}`,
  projectId,
  endpointId: 'e1',
  toldId: `t${position}`,
  type: 'lead.qualified',
  tried: 0,
  order: position,
  fact: { stream: `lead-${projectId}.${leadId}`, revision: position, position },
  ...over,
});

it('Until it is known where the log ended, nothing is known of any', () => {
  expect(openUntried().has(of(1_000))).toBe(false);
});

it('What was recorded since can have been tried by nobody, and what was before by others', () => {
  const untried = openUntried();
  untried.begin(10);
  expect([of(9), of(10), of(11)].map(untried.has)).toEqual([false, false, true]);
});

it('What was tried, or asked for, is looked at', () => {
  const untried = openUntried();
  untried.begin(10);
  untried.note('d11', 12);
  expect([of(11), of(13, { order: 14 }), of(15)].map(untried.has)).toEqual([false, false, true]);
  expect(untried.has(of(15, { fact: undefined }))).toBe(false);
});

it('What it no longer remembers may have been tried', () => {
  const untried = openUntried(2);
  untried.begin(0);
  for (const position of [1, 2, 3]) untried.note(`d${position}`, 10 * position);
  // The first is forgotten: so nothing is known of what was recorded before it was tried.
  expect([of(1), of(2), of(3), of(10), of(11)].map(untried.has)).toEqual([false, false, false, false, true]);
});
