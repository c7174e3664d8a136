import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import { changed } from '../changed.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { assignment, candidateSchema, othersSchema } from './ownership-events.ts';
import { poolSnapshot } from './pool-snapshot.ts';
import type { Rotation } from './rotation.ts';
import { advance, giveBack } from './rotation.ts';

const share = z.strictObject({ repId: z.string(), weight: z.number().int() });

/** The facts of a project's pool, `pool-<projectId>`: each place that is taken or freed, one after the other. Shapes are forever. */
export const poolEvents = {
  LeadPlaced: z
    .strictObject({
      leadId: z.string(),
      ...assignment,
      /** The rep's own day and week, for its caps. */
      day: z.string(),
      week: z.string(),
      /** The company's domain, for which the rep is asked first from now on. */
      domain: z.string().optional(),
      /** Whose turns of which rotation this counts in. */
      rotation: z.strictObject({ pool: z.string(), shares: z.array(share) }).optional(),
      placedAt: isoTime,
    })
    .describe('A lead has a place with a rep; one that it had before is free.'),
  LeadHeld: z
    .strictObject({
      leadId: z.string(),
      reason: z.string(),
      rule: z.string().optional(),
      rulesVersion: z.number().int(),
      candidates: z.array(candidateSchema),
      score: z.number(),
      workId: z.string(),
      likeness: z.string(),
      others: othersSchema.optional(),
      /** The company's domain: who comes to have others of it is asked for this one too. */
      domain: z.string().optional(),
      heldAt: isoTime,
    })
    .describe('Nobody has a place for a lead: it waits. Leads of one `likeness` fit the same reps.'),
  LeadFreed: z
    .strictObject({
      leadId: z.string(),
      repId: z.string().optional(),
      decision: z.number().int().optional(),
      /** Whose turn of which rotation is given back. */
      rotation: z.string().optional(),
      credit: z.boolean(),
      reason: z.string(),
      freedAt: isoTime,
    })
    .describe(
      "The place that a decision gave a lead is free, and with `credit` the rep's turn is given back; without a decision: it waits no longer.",
    ),
} as const;
export type PoolEvent = EventsOf<typeof poolEvents>;
export type PoolFact<T extends PoolEvent['type']> = Extract<PoolEvent, { type: T }>;

export type Place = {
  readonly repId: string;
  readonly teamId: string;
  readonly decision: number;
  readonly day: string;
  readonly week: string;
  readonly pool: string | undefined;
};

/** What a rep got lately: how many in its last day and week in which it got any. */
export type Taken = { readonly day: string; readonly today: number; readonly week: string; readonly thisWeek: number };

/** A lead that waits. Who was looked at is in the fact alone. */
export type Held = Omit<PoolFact<'LeadHeld'>['data'], 'candidates' | 'others'>;

/** Who has how many leads, whose turn it is, and who waits. */
export type PoolState = {
  readonly decisions: number;
  /** By lead. */
  readonly places: PersistentMap<string, Place>;
  /** By rep: how many leads are open, and what it took lately. */
  readonly open: PersistentMap<string, number>;
  readonly taken: PersistentMap<string, Taken>;
  readonly rotations: PersistentMap<string, Rotation>;
  /** By a company's domain: the rep that got a lead of it last. */
  readonly domains: PersistentMap<string, string>;
  /** By lead. */
  readonly waiting: PersistentMap<string, Held>;
};

const initial: PoolState = {
  decisions: 0,
  places: PersistentMap<string, Place>(),
  open: PersistentMap<string, number>(),
  taken: PersistentMap<string, Taken>(),
  rotations: PersistentMap<string, Rotation>(),
  domains: PersistentMap<string, string>(),
  waiting: PersistentMap<string, Held>(),
};

const freed = (state: PoolState, leadId: string): PoolState => {
  const place = state.places.get(leadId);
  if (!place) return state;
  const open = changed(state.open, place.repId, 0, (count) => Math.max(0, count - 1));
  return { ...state, places: state.places.remove(leadId), open };
};

const counted = (before: Taken | undefined, day: string, week: string): Taken => ({
  day,
  today: before?.day === day ? before.today + 1 : 1,
  week,
  thisWeek: before?.week === week ? before.thisWeek + 1 : 1,
});

const placed = (before: PoolState, { data }: PoolFact<'LeadPlaced'>): PoolState => {
  const { leadId, repId, teamId, decision, day, week, domain, rotation } = data;
  const state = freed(before, leadId);
  const { rotations, domains } = state;
  const place = { repId, teamId, decision, day, week, pool: rotation?.pool };
  return {
    decisions: Math.max(state.decisions, decision),
    places: state.places.set(leadId, place),
    open: changed(state.open, repId, 0, (count) => count + 1),
    taken: data.by === 'merge' ? state.taken : state.taken.set(repId, counted(state.taken.get(repId), day, week)),
    rotations: rotation
      ? changed(rotations, rotation.pool, PersistentMap<string, number>(), (turns) =>
          advance(turns, rotation.shares, repId),
        )
      : rotations,
    domains: domain === undefined ? domains : domains.set(domain, repId),
    waiting: state.waiting.remove(leadId),
  };
};

/** A turn that is given back does not count for the caps of the day either. */
const credited = (state: PoolState, { repId, day, week, pool }: Place): PoolState => {
  const before = state.taken.get(repId);
  const less = before && {
    ...before,
    today: before.day === day ? Math.max(0, before.today - 1) : before.today,
    thisWeek: before.week === week ? Math.max(0, before.thisWeek - 1) : before.thisWeek,
  };
  return {
    ...state,
    taken: less ? state.taken.set(repId, less) : state.taken,
    rotations:
      pool === undefined
        ? state.rotations
        : changed(state.rotations, pool, PersistentMap<string, number>(), (turns) => giveBack(turns, repId)),
  };
};

const evolve = (state: PoolState, event: PoolEvent): PoolState => {
  switch (event.type) {
    case 'LeadPlaced':
      return placed(state, event);
    case 'LeadHeld': {
      const { candidates: _, others: __, ...held } = event.data;
      return { ...state, waiting: state.waiting.set(held.leadId, held) };
    }
    case 'LeadFreed': {
      const { leadId, decision, credit } = event.data;
      if (decision === undefined) return { ...state, waiting: state.waiting.remove(leadId) };
      const place = state.places.get(leadId);
      if (place?.decision !== decision) return state;
      return credit ? credited(freed(state, leadId), place) : freed(state, leadId);
    }
    default:
      return unchanged(state, event);
  }
};

/** By what 20,000 places were seen to take, and with what a lead that waits has to say. */
const measure = ({ places, waiting, domains }: PoolState): number =>
  5_000 + places.size * 350 + waiting.size * 800 + domains.size * 150;

export const pool: Aggregate<PoolState, PoolEvent> = {
  name: 'pool',
  initial,
  evolve,
  measure,
  snapshot: poolSnapshot,
};

/**
 * Who waits, in the order in which they are tried again: the oldest and hottest first. Ten points of score are worth an hour
 * of waiting, so nobody waits for ever behind newer ones.
 */
export const inTurn = (waiting: PoolState['waiting']): readonly Held[] => {
  const rank = ({ heldAt, score }: Held): number => Date.parse(heldAt) / 3_600_000 - score / 10;
  return [...waiting.values()].sort((a, b) => rank(a) - rank(b) || (a.leadId < b.leadId ? -1 : 1));
};
