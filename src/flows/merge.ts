import { Map as PersistentMap } from 'immutable';
import { listOf } from '../domain/lead/activities.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { broughtBy, lead } from '../domain/lead/lead.ts';
import { leadStreamId } from '../domain/streams.ts';
import { absorbLead } from '../commands/lead/absorb-lead.ts';
import { addIdentifier } from '../commands/lead/add-identifier.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Resolved } from './resolve.ts';
import { findLead } from './resolve.ts';
import { hasMoved, inParts, rounds, scoring, step } from './step.ts';
import type { Engine } from './engine.ts';

const absorb = async (
  engine: Engine,
  [projectId, leadId, from]: readonly [string, string, string],
  gone: LeadState,
  request: Request,
): Promise<void> => {
  // The order of this kind of map is that of the keys' hashes. Whoever brings the parts, of this version or an older one, must go
  // through them in that order, as a part that was brought already has the same command id.
  const byHash = PersistentMap(listOf(gone.activities).map((activity) => [activity.eventId, activity]));
  const parts = inParts([...byHash.values()].map((activity) => ({ activity })));
  const brought = broughtBy(gone);
  let begin = 0;
  for (const part of parts.length > 0 ? parts : [[]]) {
    const activities = part.map(({ activity }) => activity);
    const identifiers = begin === 0 ? [...gone.identifiers.values()] : [];
    const end = begin + activities.length;
    const last = end === gone.activities.size;
    const input = { projectId, leadId, from, identifiers, activities, last, ...brought };
    // What was merged changes no more, so its parts are the same whoever brings them, and have one command id each.
    const { fingerprint: _, ...anybody } = step(request, 'absorb');
    const bringing = { ...anybody, commandId: `absorb/${from}/${begin}-${end}` };
    await scoring(engine, input, request, (model) => engine.handle(absorbLead, { ...input, scoring: model }, bringing));
    begin = end;
  }
};

/** A lead on the way whose activities have not arrived at any lead after it. Mostly the next one has them. */
export const unabsorbed = ({ way, lead: { state } }: Resolved): LeadState | undefined => {
  const arrived = ({ leadId }: LeadState, place: number): boolean => {
    for (let next = place + 1; next < way.length; next++) if (way[next]?.absorbed.has(leadId)) return true;
    return state.absorbed.has(leadId);
  };
  return way.find((each, place) => each.leadId !== '' && !arrived(each, place));
};

const finish = async (engine: Engine, projectId: string, from: string, request: Request): Promise<void> => {
  const { state: gone } = await engine.states.refresh(lead, leadStreamId(projectId, from));
  const found = gone.into === undefined ? undefined : await findLead(engine.states, projectId, gone.into);
  if (!found) return;
  if (gone.leadId !== '') {
    const done = [...found.way, found.lead.state].some(({ absorbed }) => absorbed.has(from));
    if (!done) await absorb(engine, [projectId, found.leadId, from], gone, request);
    return;
  }
  for (const identifier of gone.identifiers.values()) {
    if (found.lead.state.identifiers.has(`${identifier.kind}:${identifier.value}`)) continue;
    await engine.handle(addIdentifier, { projectId, leadId: found.leadId, identifier }, step(request, `add/${from}`));
  }
};

/**
 * Brings everything that a merged stream had to the lead that it leads to by now. Safe to repeat, and from two processes
 * at once: what arrived already is not taken again.
 */
export const completeMerge = async (
  engine: Engine,
  { projectId, from }: { readonly projectId: string; readonly from: string },
  request: Request,
): Promise<void> => {
  for (let round = 0; round < rounds; round++) {
    try {
      return await finish(engine, projectId, from, request);
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
  throw new TooManyConflicts(`Lead ${from}`);
};
