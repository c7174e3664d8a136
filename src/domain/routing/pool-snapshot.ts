import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { SnapshotFormat } from '../event.ts';
import type { PoolState } from './pool.ts';

const numbers = z.array(z.tuple([z.string(), z.number()]));

/** A pool's state as JSON: maps are lists in the order in which they are gone through. */
const packedPool = z.object({
  decisions: z.number(),
  places: z.array(
    z.object({
      leadId: z.string(),
      repId: z.string(),
      teamId: z.string(),
      decision: z.number(),
      day: z.string(),
      week: z.string(),
      pool: z.string().optional(),
    }),
  ),
  open: numbers,
  taken: z.array(
    z.tuple([z.string(), z.object({ day: z.string(), today: z.number(), week: z.string(), thisWeek: z.number() })]),
  ),
  rotations: z.array(z.tuple([z.string(), numbers])),
  domains: z.array(z.tuple([z.string(), z.string()])),
  waiting: z.array(
    z.object({
      leadId: z.string(),
      reason: z.string(),
      rule: z.string().optional(),
      rulesVersion: z.number(),
      score: z.number(),
      workId: z.string(),
      likeness: z.string(),
      domain: z.string().optional(),
      heldAt: z.string(),
    }),
  ),
});

const pack = (state: PoolState): z.input<typeof packedPool> => ({
  decisions: state.decisions,
  places: [...state.places].map(([leadId, place]) => ({ leadId, ...place })),
  open: [...state.open],
  taken: [...state.taken],
  domains: [...state.domains],
  rotations: [...state.rotations].map(([name, rotation]) => [name, [...rotation]]),
  waiting: [...state.waiting.values()],
});

const unpack = (packed: unknown): PoolState => {
  const { decisions, places, open, taken, rotations, domains, waiting } = packedPool.parse(packed);
  return {
    decisions,
    places: PersistentMap(places.map(({ leadId, pool, ...place }) => [leadId, { ...place, pool }])),
    open: PersistentMap(open),
    taken: PersistentMap(taken),
    domains: PersistentMap(domains),
    rotations: PersistentMap(rotations.map(([name, rotation]) => [name, PersistentMap(rotation)])),
    waiting: PersistentMap(waiting.map((held) => [held.leadId, held])),
  };
};

/** How snapshots of pools are made. */
export const poolSnapshot: SnapshotFormat<PoolState> = { version: 1, pack, unpack };
