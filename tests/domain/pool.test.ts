import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolEvent } from '../../src/domain/routing/pool.ts';
import { inTurn, pool } from '../../src/domain/routing/pool.ts';
import { at, leadFreed, leadHeld, leadPlaced } from '../support/facts.ts';
import { poolAfter } from '../support/decisions.ts';

const turn = { pool: 'team:sales', shares: [{ repId: 'ada', weight: 1 }] };

/** That a lead waits no longer. */
const waitsNoLonger = (data: { readonly leadId: string }): PoolEvent => ({
  type: 'LeadFreed',
  data: { ...data, credit: false, reason: 'closed: lost', freedAt: at },
});

describe('The places of a project', () => {
  it('are counted for the rep, for its day and its week', () => {
    const state = poolAfter(
      leadPlaced({ leadId: 'a' }),
      leadPlaced({ leadId: 'b', decision: 2 }),
      leadPlaced({ leadId: 'c', decision: 3, day: '2026-03-11' }),
    );
    expect(state.open.get('ada')).toBe(3);
    expect(state.taken.get('ada')).toEqual({ day: '2026-03-11', today: 1, week: '2026-W11', thisWeek: 3 });
    expect(state.decisions).toBe(3);
  });

  it('change hands: who had the lead has one less', () => {
    const state = poolAfter(leadPlaced({ leadId: 'a' }), leadPlaced({ leadId: 'a', decision: 2, repId: 'ben' }));
    expect(state.open.get('ada') ?? 0).toBe(0);
    expect(state.open.get('ben')).toBe(1);
    expect(state.places.get('a')).toMatchObject({ repId: 'ben', decision: 2 });
  });

  it('are free again, and with credit count for no cap and no turn', () => {
    const placed = leadPlaced({ leadId: 'a', rotation: turn });
    const kept = poolAfter(placed, leadFreed({ leadId: 'a' }));
    expect([kept.open.get('ada') ?? 0, kept.taken.get('ada')?.today]).toEqual([0, 1]);
    const credited = poolAfter(placed, leadFreed({ leadId: 'a', credit: true, rotation: turn.pool }));
    expect(credited.taken.get('ada')).toMatchObject({ today: 0, thisWeek: 0 });
    expect(credited.rotations.get(turn.pool)?.get('ada') ?? 0).toBe(1);
    expect(poolAfter(placed).rotations.get(turn.pool)?.get('ada') ?? 0).toBe(0);
  });

  it('give nothing back to another day than they were taken on', () => {
    const state = poolAfter(
      leadPlaced({ leadId: 'a' }),
      leadPlaced({ leadId: 'b', decision: 2, day: '2026-03-11' }),
      leadFreed({ leadId: 'a', credit: true }),
    );
    expect(state.taken.get('ada')).toMatchObject({ day: '2026-03-11', today: 1, thisWeek: 1 });
  });

  it('count for no cap when a merged lead brings one along', () => {
    const moved = leadPlaced({ leadId: 'b', decision: 2, by: 'merge' });
    const state = poolAfter(leadPlaced({ leadId: 'a' }), leadFreed({ leadId: 'a' }), moved);
    expect({ open: state.open.get('ada'), today: state.taken.get('ada')?.today }).toEqual({ open: 1, today: 1 });
  });

  it('end the waiting of a lead', () => {
    expect(poolAfter(leadHeld({ leadId: 'a' })).waiting.has('a')).toBe(true);
    expect(poolAfter(leadHeld({ leadId: 'a' }), leadPlaced({ leadId: 'a' })).waiting.size).toBe(0);
    expect(poolAfter(leadHeld({ leadId: 'a' }), waitsNoLonger({ leadId: 'a' })).waiting.size).toBe(0);
    expect(poolAfter(leadHeld({ leadId: 'a' }), leadFreed({ leadId: 'a' })).waiting.size).toBe(1);
  });

  it('are as many for each rep as leads it has, whatever happened', () => {
    const leadId = fc.constantFrom('a', 'b', 'c', 'd');
    const repId = fc.constantFrom('ada', 'ben');
    const event = fc.oneof(
      fc.record({ leadId, repId, decision: fc.integer({ min: 1, max: 9 }) }).map(leadPlaced),
      fc.record({ leadId, repId, credit: fc.boolean(), decision: fc.integer({ min: 1, max: 9 }) }).map(leadFreed),
      fc.record({ leadId }).map(waitsNoLonger),
      fc.record({ leadId }).map(leadHeld),
    );
    fc.assert(
      fc.property(fc.array<PoolEvent>(event, { maxLength: 40 }), (events) => {
        const state = events.reduce(pool.evolve, pool.initial);
        for (const who of ['ada', 'ben']) {
          const has = [...state.places.values()].filter((place) => place.repId === who).length;
          expect(state.open.get(who) ?? 0).toBe(has);
          expect(state.taken.get(who)?.today ?? 0).toBeGreaterThanOrEqual(0);
        }
        for (const id of state.waiting.keys())
          expect(
            events.findLast(({ data }) => data.leadId === id && !('decision' in data && 'credit' in data))?.type,
          ).toBe('LeadHeld');
      }),
    );
  });
});

describe('Leads that wait', () => {
  it('have their turn oldest and hottest first: ten points are worth an hour', () => {
    const held = (leadId: string, hour: number, score: number) =>
      leadHeld({ leadId, score, heldAt: new Date(Date.UTC(2026, 2, 10, hour)).toISOString() });
    const { waiting } = poolAfter(held('new', 12, 60), held('old', 9, 60), held('hot', 12, 95), held('warm', 11, 60));
    expect(inTurn(waiting).map(({ leadId }) => leadId)).toEqual(['hot', 'old', 'warm', 'new']);
  });
});
