import { describe, expect, it } from 'vitest';
import { freePlace } from '../../../src/commands/routing/free-place.ts';
import { StaleRevision } from '../../../src/engine/errors.ts';
import { movePlace } from '../../../src/commands/routing/move-place.ts';
import { placeByHand } from '../../../src/commands/routing/place-by-hand.ts';
import { placeLead } from '../../../src/commands/routing/place-lead.ts';
import { likenessOf } from '../../../src/domain/routing/routing.ts';
import { at, leadFreed, leadHeld, leadId, leadPlaced, projectId, rep, workId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';
import { calendarOf, rosterOf, routed, rule, rules, sceneOf } from '../../support/decisions.ts';

const reps = [rep({ capacity: 1 }), rep({ repId: 'ben', capacity: 1 })];
const inOrder = rules({ rules: [rule({ strategy: 'least-loaded' })] });
const its = { reps, rules: inOrder };
const known = rosterOf(its);
const scene = { roster: known, calendar: calendarOf(known) };
const chosen = [
  { repId: 'ada', in: true, reason: 'chosen' },
  { repId: 'ben', in: true, reason: 'fits' },
];
const byRule = { rule: 'all', strategy: 'least-loaded' as const, because: 'rule all, least-loaded' };
const ofOther = (repId: string, decision = 1) => leadPlaced({ leadId: 'other', repId, decision });

describe('PlaceLead', () => {
  const place = { projectId, lead: routed(), decision: 0, workId, keep: false, ...scene };

  it('gives a lead a place with the rep that the rules say', () =>
    given()
      .when(placeLead, place)
      .then(leadPlaced({ ...byRule, candidates: chosen })));
  it('counts decisions of the whole project', () => {
    const [placed] = given(ofOther('ada', 7)).when(placeLead, place).facts();
    expect(placed?.data).toMatchObject({ decision: 8, repId: 'ben' });
  });
  it('says whose turn it was, among whom', () => {
    const turns = rosterOf({ reps });
    const [placed] = given()
      .when(placeLead, { ...place, roster: turns })
      .facts();
    const shares = [
      { repId: 'ada', weight: 1 },
      { repId: 'ben', weight: 1 },
    ];
    expect(placed?.data).toMatchObject({ rotation: { pool: 'team:sales', shares } });
  });
  it('decides nothing again while the lead has not heard of the last decision', () =>
    given(leadPlaced()).when(placeLead, place).then());

  const full = [ofOther('ada'), leadPlaced({ leadId: 'another', repId: 'ben', decision: 2 })] as const;
  it('has a lead wait when nobody fits, once', () => {
    const [held, ...more] = given(...full)
      .when(placeLead, place)
      .facts();
    const likeness = likenessOf(routed(), sceneOf(its).roster);
    expect(held).toMatchObject({
      type: 'LeadHeld',
      data: { leadId, workId, reason: 'Nobody of 2 fits: 2 at capacity', likeness },
    });
    expect(more).toEqual([]);
    given(...full, leadHeld({ likeness }))
      .when(placeLead, place)
      .then();
  });
  it('says again that a lead waits when others may fit it, with the same work item and place in the line', () => {
    const first = { workId: place.workId, heldAt: '2026-03-10T11:00:00.000Z' };
    const [again] = given(...full, leadHeld({ likeness: 'other', ...first }))
      .when(placeLead, place)
      .facts();
    expect(again).toMatchObject({ type: 'LeadHeld', data: first });
  });
  it('has a lead wait anew that waited before it was somebody’s or closed, with a work item of its own', () => {
    const [again] = given(...full, leadHeld({ workId: 'before', heldAt: '2026-03-10T11:00:00.000Z' }))
      .when(placeLead, place)
      .facts();
    expect(again).toMatchObject({ type: 'LeadHeld', data: { workId: place.workId, heldAt: at } });
  });
  it('gives a lead that waits a place', () => {
    const [placed] = given(leadHeld()).when(placeLead, place).facts();
    expect(placed?.type).toBe('LeadPlaced');
  });

  const kept = { ...place, decision: 1, keep: true, lead: routed({ excluded: ['ada'] }) };
  it('finds another for a lead that somebody has', () => {
    const [placed] = given(leadPlaced()).when(placeLead, kept).facts();
    expect(placed?.data).toMatchObject({ repId: 'ben', decision: 2 });
  });
  it('leaves such a lead with whom it is when nobody else fits', () =>
    given(leadPlaced(), leadPlaced({ leadId: 'other', repId: 'ben', decision: 2 }))
      .when(placeLead, kept)
      .then());
  it('leaves such a lead when it is another’s by now, or nobody’s', () => {
    given(leadPlaced(), leadPlaced({ decision: 2, repId: 'ben' }))
      .when(placeLead, kept)
      .then();
    given(leadPlaced(), leadFreed()).when(placeLead, kept).then();
  });
});

describe('PlaceByHand', () => {
  const byHand = { projectId, leadId, repId: 'ben', reason: 'Knows them', status: 'pending' as const, ...scene };
  const placed = leadPlaced({
    repId: 'ben',
    by: 'hand',
    because: 'Knows them',
    candidates: [{ repId: 'ben', in: true, reason: 'chosen' }],
  });

  it('gives a lead to whom somebody chose', () => given().when(placeByHand, byHand).then(placed));
  it('gives it also to somebody off shift', () =>
    given()
      .when(placeByHand, { ...byHand, calendar: calendarOf(known, ['ben']) })
      .then(placed));
  it('changes nothing when that rep has it', () =>
    given(leadPlaced({ repId: 'ben' }))
      .when(placeByHand, byHand)
      .then());
  it('takes it from who had it', () => {
    const [moved] = given(leadPlaced()).when(placeByHand, byHand).facts();
    expect(moved?.data).toMatchObject({ repId: 'ben', decision: 2 });
  });
  it('is refused when the rep is full or over a cap', () => {
    given(ofOther('ben')).when(placeByHand, byHand).rejects('rep-full');
    for (const cap of [{ perDay: 1 }, { perWeek: 1 }]) {
      const capped = rosterOf({ reps: [rep({ repId: 'ben', ...cap })] });
      given(ofOther('ben'), leadFreed({ leadId: 'other', repId: 'ben' }))
        .when(placeByHand, { ...byHand, roster: capped })
        .rejects('rep-full');
    }
  });
  it('is refused for nobody, and for who has left', () => {
    given()
      .when(placeByHand, { ...byHand, repId: 'zoe' })
      .rejects('rep-unknown');
    const gone = rosterOf({ reps: [rep({ repId: 'ben', status: 'left' })] });
    given()
      .when(placeByHand, { ...byHand, roster: gone })
      .rejects('rep-unknown');
  });
  it('is refused for a closed lead', () =>
    given()
      .when(placeByHand, { ...byHand, status: 'closed' })
      .rejects('lead-closed'));
  it('is refused when the lead has changed since it was seen', () => {
    const seen = { expected: 3, revision: 4 };
    expect(() =>
      given()
        .when(placeByHand, { ...byHand, ifMatch: seen })
        .facts(),
    ).toThrow(StaleRevision);
    given()
      .when(placeByHand, { ...byHand, ifMatch: { expected: 4, revision: 4 } })
      .then(placed);
  });
});

describe('FreePlace', () => {
  const free = { projectId, leadId, credit: false, reason: 'closed: won' };
  it('frees the place of a lead, once', () => {
    given(leadPlaced()).when(freePlace, free).then(leadFreed());
    given(leadPlaced(), leadFreed()).when(freePlace, free).then();
    given().when(freePlace, free).then();
  });
  it('ends the waiting of a lead', () => {
    const [freed] = given(leadHeld())
      .when(freePlace, { ...free, workIds: [workId] })
      .facts();
    expect(freed?.data).toMatchObject({ leadId, credit: false });
    expect(freed?.data).not.toHaveProperty('decision');
  });
  it('leaves a lead waiting that waits with another work item by now', () =>
    given(leadHeld())
      .when(freePlace, { ...free, workIds: ['before'] })
      .then());
  it('gives back the turn of the rotation that it was', () => {
    const rotation = { pool: 'team:sales', shares: [{ repId: 'ada', weight: 1 }] };
    given(leadPlaced({ rotation }))
      .when(freePlace, { ...free, credit: true, decision: 1 })
      .then(leadFreed({ credit: true, rotation: 'team:sales' }));
  });
  it('leaves the place of a decision after the last that is meant', () => {
    given(leadPlaced())
      .when(freePlace, { ...free, upTo: 1 })
      .then(leadFreed());
    given(leadPlaced({ decision: 2 }))
      .when(freePlace, { ...free, upTo: 1 })
      .then();
  });
  it('leaves the place of a later decision', () =>
    given(leadPlaced(), leadPlaced({ decision: 2, repId: 'ben' }))
      .when(freePlace, { ...free, decision: 1 })
      .then());
});

describe('MovePlace', () => {
  const into = 'survivor';
  const move = { projectId, from: leadId, into, rulesVersion: 1, closed: false, excluded: [] };
  const freed = leadFreed({ reason: 'merged into survivor' });

  it('hands the place of a merged lead on', () => {
    const moved = leadPlaced({
      leadId: into,
      decision: 2,
      by: 'merge',
      because: `ada has lead ${leadId}, which is part of this one`,
    });
    given(leadPlaced()).when(movePlace, move).then(freed, moved);
  });
  it('frees it when the survivor has one', () =>
    given(leadPlaced(), leadPlaced({ leadId: into, decision: 2, repId: 'ben' }))
      .when(movePlace, move)
      .then(freed));
  it('frees it when the survivor is closed', () =>
    given(leadPlaced())
      .when(movePlace, { ...move, closed: true })
      .then(freed));
  it('frees it, and gives the turn back, when the rep declined the survivor, or lost it', () => {
    const rotation = { pool: 'team:sales', shares: [{ repId: 'ada', weight: 1 }] };
    given(leadPlaced({ rotation }))
      .when(movePlace, { ...move, excluded: ['bob', 'ada'] })
      .then(leadFreed({ reason: 'merged into survivor', credit: true, rotation: 'team:sales' }));
  });
  it('hands it on when others declined the survivor', () =>
    expect(
      given(leadPlaced())
        .when(movePlace, { ...move, excluded: ['bob'] })
        .facts()
        .map(({ type }) => type),
    ).toEqual(['LeadFreed', 'LeadPlaced']));
  it('ends the waiting of a merged lead', () => {
    const [ended, ...more] = given(leadHeld()).when(movePlace, move).facts();
    expect({ type: ended?.type, more }).toEqual({ type: 'LeadFreed', more: [] });
  });
  it('changes nothing again', () => given(leadPlaced(), freed).when(movePlace, move).then());
});
