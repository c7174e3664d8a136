import { pool } from '../domain/routing/pool.ts';
import { Rejection } from '../domain/rejection.ts';
import { mustHaveRep } from '../domain/routing/roster.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Engine } from './engine.ts';
import { step } from './step.ts';
import { placeByHand } from '../commands/routing/place-by-hand.ts';
import { rosterOf } from './placements.ts';
import { assignByHand } from './route-lead.ts';
import { unassignLead } from '../commands/routing/unassign-lead.ts';

/** How many leads are handed on at a time. */
export const reassignedAtOnce = 200;

/** Whose leads are handed on, to whom (by the rules, when nobody is named), and why. */
export type Handover = {
  readonly projectId: string;
  readonly repId: string;
  readonly to: string | undefined;
  readonly reason: string;
};

/** A lead that is handed on, or why it stays for now. */
export type HandedOn = { readonly leadId: string; readonly kept?: string };

/** What came of it. `open`: so many leads the rep had; `done`: so many of them were handed on; `position` has what was written. */
export type Reassigned = {
  readonly leads: readonly HandedOn[];
  readonly open: number;
  readonly done: number;
  readonly position: number;
};

const refusal = (error: unknown): string => {
  if (error instanceof Rejection) return error.message;
  if (error instanceof TooManyConflicts) return 'It is changing too fast; send the request again';
  throw error;
};

/** The leads of a rep, those that it got first first, and the pool that says so. */
const leadsOf = async ({ states }: Engine, { projectId, repId }: Handover) => {
  const { state } = await states.refresh(pool, projectId);
  const theirs = [...state.places].filter(([, place]) => place.repId === repId);
  return { state, leadIds: theirs.sort(([, a], [, b]) => a.decision - b.decision).map(([leadId]) => leadId) };
};

/** Throws a `Rejection` when there is no such rep to take leads from, or to give them to. */
const rosterFor = async (engine: Engine, { projectId, repId, to }: Handover) => {
  const roster = await rosterOf(engine, projectId);
  if (!roster.reps.has(repId)) throw new Rejection('member-unknown', `There is no rep ${repId}`);
  if (to !== undefined) mustHaveRep(roster, to);
  return roster;
};

/**
 * What `reassign` would do now, without doing it: for a rep that is named, which leads it has room for. Who else would get
 * them is for the rules to say when it is done. Throws a `Rejection` as that does.
 */
export const tryReassign = async (engine: Engine, handover: Handover): Promise<Omit<Reassigned, 'position'>> => {
  const { projectId, to, reason } = handover;
  const roster = await rosterFor(engine, handover);
  const { state, leadIds } = await leadsOf(engine, handover);
  const calendar = engine.calendar(roster);
  const now = engine.clock();
  const leads: HandedOn[] = [];
  let then = state;
  for (const leadId of leadIds.slice(0, reassignedAtOnce)) {
    if (to === undefined) {
      leads.push({ leadId });
      continue;
    }
    try {
      const input = { projectId, leadId, repId: to, reason, status: 'assigned' as const, roster, calendar };
      then = placeByHand.decide(then, input, { now }).reduce(pool.evolve, then);
      leads.push({ leadId });
    } catch (error) {
      leads.push({ leadId, kept: refusal(error) });
    }
  }
  return { leads, open: leadIds.length, done: leads.filter(({ kept }) => kept === undefined).length };
};

/**
 * Hands on the leads of a rep, the first of them: each is assigned to the rep that is named, as long as that has room, or is
 * taken from its rep and routed by the rules. To ask again goes on with those that are left; what came in between, such as
 * another owner, stays. Throws a `Rejection` when there is no such rep.
 */
export const reassign = async (engine: Engine, handover: Handover, request: Request): Promise<Reassigned> => {
  const { projectId, repId, to, reason } = handover;
  await rosterFor(engine, handover);
  const { leadIds } = await leadsOf(engine, handover);
  const leads: HandedOn[] = [];
  let position = 0;
  for (const leadId of leadIds.slice(0, reassignedAtOnce)) {
    const own = step(request, `reassign/${leadId}`);
    const place = (await engine.states.get(pool, projectId)).state.places.get(leadId);
    if (place?.repId !== repId) {
      leads.push({ leadId, kept: 'Somebody else has it by now, or nobody' });
      continue;
    }
    try {
      const taken = { projectId, leadId, repId, reason, exclude: true };
      const at =
        to === undefined
          ? (await engine.handle(unassignLead, taken, own)).position
          : await assignByHand(engine, { projectId, leadId, repId: to, reason }, own);
      position = Math.max(position, at);
      leads.push({ leadId });
    } catch (error) {
      leads.push({ leadId, kept: refusal(error) });
    }
  }
  return { leads, open: leadIds.length, done: leads.filter(({ kept }) => kept === undefined).length, position };
};
