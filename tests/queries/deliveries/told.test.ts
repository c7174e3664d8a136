import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deliveryIdOf, toldIdOf, toldTypes, wants } from '../../../src/domain/deliveries/told.ts';
import type { LeadfoldEvent } from '../../../src/domain/events.ts';
import { lead } from '../../../src/domain/lead/lead.ts';
import type { Recorded } from '../../../src/eventstore/event-store.ts';
import { toldContext, toldOf } from '../../../src/queries/deliveries/told.ts';
import { allFacts, engineOver, openLog } from '../../support/engine.ts';
import {
  activity,
  activityRecorded,
  identifierAdded,
  leadAbsorbed,
  leadAccepted,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadId,
  leadQualified,
  leadScored,
  projectId,
  routingFailed,
  stageChanged,
  userId,
  workItemOpened,
} from '../../support/facts.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const leadStream = `lead-${projectId}.${leadId}`;

/** What is told of each fact, by memories of several kinds. */
const recorded = async (stream: string, facts: readonly LeadfoldEvent[]) => {
  const store = openLog();
  onTestFinished(() => store.close());
  await store.append(
    stream,
    -1,
    facts.map((fact) => ({ ...fact, id: randomUUID(), metadata })),
  );
  return { store, all: await allFacts(store) };
};

describe('What is told', () => {
  it.each([
    ['LeadCaptured', leadCaptured(), { identifier: leadCaptured().data.identifier }],
    ['LeadScored', leadScored({ delta: 3 }), { delta: 3 }],
    ['LeadQualified', leadQualified(), { count: 1 }],
    ['LeadAbsorbed', leadAbsorbed(), { from: leadAbsorbed().data.from }],
    ['LeadAssigned', leadAssigned(), { repId: leadAssigned().data.repId, because: leadAssigned().data.because }],
    ['LeadAccepted', leadAccepted(), { tookMs: leadAccepted().data.tookMs }],
    ['RoutingFailed', routingFailed(), { workId: routingFailed().data.workId }],
    ['LeadClosed', leadClosed(), { outcome: 'won', reason: 'Signed' }],
  ] as const)('of %s is what the fact and the lead then say', async (_, fact, says) => {
    const { store, all } = await recorded(leadStream, [leadCaptured(), fact]);
    const told = await toldOf(all[1] as Recorded, toldContext(engineOver(store).states));
    expect(told).toMatchObject({
      sequence: 1,
      position: 2,
      data: { projectId, leadId, score: expect.any(Number), ...says },
    });
  });

  it('of a work item names no lead but the one that it is about, and has no sequence', async () => {
    const { store, all } = await recorded(`work-${projectId}.w1`, [workItemOpened()]);
    const told = await toldOf(all[0] as Recorded, toldContext(engineOver(store).states));
    expect(told).toMatchObject({ type: 'work_item.opened', data: { projectId, kind: workItemOpened().data.kind } });
    expect(told).not.toHaveProperty('sequence');
    expect(told?.data).not.toHaveProperty('score');
  });

  it('of a lead is the same from memory as from the log, in any order', async () => {
    const some = fc.constantFrom<LeadfoldEvent>(
      leadScored({ score: 5 }),
      leadScored({ score: 9, cause: 'merge' }),
      stageChanged({ to: 'hot' }),
      leadQualified(),
      leadAssigned(),
      identifierAdded({ identifier: userId('u9') }),
      activityRecorded(activity({ eventId: 'e7', traits: { plan: 'pro' } })),
      activityRecorded(activity({ eventId: 'e8', traits: { plan: null } })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(some, { maxLength: 15 }), fc.integer(), async (facts, seed) => {
        const { store, all } = await recorded(leadStream, [leadCaptured(), ...facts]);
        const { states } = engineOver(store);
        const fresh = await Promise.all(all.map((fact) => toldOf(fact, toldContext(engineOver(store).states))));
        await states.get(lead, `${projectId}.${leadId}`);
        const context = toldContext(states);
        const order = all.map((_, n) => n).toSorted((a, b) => ((a * 7 + seed) % 5) - ((b * 7 + seed) % 5));
        for (const n of order) expect(await toldOf(all[n] as Recorded, context)).toEqual(fresh[n]);
      }),
      { numRuns: 60 },
    );
  });

  it('has an id of its own for each fact, type and endpoint, and for ever', () => {
    expect(toldIdOf('f1', 'lead.qualified')).toBe(toldIdOf('f1', 'lead.qualified'));
    expect(
      new Set(
        ['lead.qualified', 'lead.scored'].flatMap((type) =>
          ['f1', 'f2'].map((id) => toldIdOf(id, type as 'lead.scored')),
        ),
      ),
    ).toHaveLength(4);
    expect(deliveryIdOf('e1', 't1')).not.toBe(deliveryIdOf('e2', 't1'));
    expect(toldIdOf('f1', 'lead.qualified')).toMatchInlineSnapshot(`"735910f4-6d5a-50fc-8285-8b74a84cb5ec"`);
    expect(deliveryIdOf('e1', 't1')).toMatchInlineSnapshot(`"98a14976-90bd-5c69-a2ed-0acc73468c77"`);
  });

  it('is all but what is frequent where nobody says, and else what is named', () => {
    expect(toldTypes.filter((type) => !wants(undefined, type))).toEqual(['lead.captured', 'lead.scored']);
    expect(toldTypes.filter((type) => wants(['lead.scored'], type))).toEqual(['lead.scored']);
  });
});
