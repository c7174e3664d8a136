import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import type { Ownership } from '../domain/routing/ownership.ts';
import { inTurn, pool } from '../domain/routing/pool.ts';
import { Rejection } from '../domain/rejection.ts';
import { routable } from '../domain/routing/routable.ts';
import { approvalFor } from '../domain/routing/routing-steps.ts';
import { leadStreamId } from '../domain/streams.ts';
import { freePlace } from '../commands/routing/free-place.ts';
import { unrepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Engine } from './engine.ts';
import { hasMoved, rounds, step } from './step.ts';
import { openWorkItem } from '../commands/work/open-work-item.ts';
import { placeByHand } from '../commands/routing/place-by-hand.ts';
import { placeLead } from '../commands/routing/place-lead.ts';
import type { LeadId } from './placements.ts';
import { endWork, rosterOf, takeOverPlace, tellHeld, tellPlaced, workTime } from './placements.ts';
import { requestApproval } from '../commands/routing/request-approval.ts';
import { findLead } from './resolve.ts';

type Approval = { readonly rule: string; readonly because: string; readonly rulesVersion: number };

const askApproval = async (
  engine: Engine,
  { projectId, leadId, ownership }: LeadId & { readonly ownership: Ownership },
  approval: Approval,
  request: Request,
): Promise<void> => {
  const { workIds, round } = ownership;
  const { rule, because, rulesVersion } = approval;
  const workId = `${leadId}.approval-${round}`;
  const dueAt = new Date(engine.clock().getTime() + workTime).toISOString();
  const item = { projectId, workId, kind: 'approval_required' as const, leadId, priority: 'high' as const, dueAt };
  const open = { ...item, reason: because, details: { rule, rulesVersion } };
  await engine.handle(openWorkItem, open, step(request, `work/${leadId}`));
  await engine.handle(requestApproval, { projectId, leadId, workId, ...approval }, step(request, `ask/${leadId}`));
  const free = { projectId, leadId, workIds: [...workIds], credit: false, reason: because };
  await engine.handle(freePlace, free, step(request, `wait/${leadId}`));
  await endWork(engine, { projectId, workIds, reason: because }, request);
};

/** What came of looking for a rep. */
export type Routed = 'placed' | 'held' | 'approval' | 'nothing';

/** With `instead`, another rep than the one who has the lead by that decision is looked for. */
type ByHand = LeadId & { readonly instead?: number };

const needsRep = ({ ownership }: LeadState, instead: number | undefined): boolean =>
  instead === undefined
    ? ownership.status === 'pending' || ownership.status === 'waiting'
    : ownership.status === 'assigned' && ownership.decision === instead && ownership.acceptedAt === undefined;

/** Has a lead take over the places of those that were merged into it, where that was not done yet. Tells whether there were any. */
const takeOverPlaces = async (
  engine: Engine,
  { projectId, leadId, ownership }: LeadId & { readonly ownership: Ownership },
  request: Request,
): Promise<boolean> => {
  if (!ownership.held) return false;
  const { places } = (await engine.states.refresh(pool, projectId)).state;
  const due = ownership.histories.filter((from) => places.has(from));
  for (const from of due) await takeOverPlace(engine, { projectId, from, into: leadId }, request);
  return due.length > 0;
};

const route = async (
  engine: Engine,
  { projectId, leadId: asked, instead }: ByHand,
  request: Request,
): Promise<Routed> => {
  const found = await findLead(engine.states, projectId, asked, true);
  if (!found || !needsRep(found.lead.state, instead)) return 'nothing';
  const { leadId } = found;
  const { ownership } = found.lead.state;
  if (await takeOverPlaces(engine, { projectId, leadId, ownership }, request))
    return route(engine, { projectId, leadId }, request);
  const current = await rosterOf(engine, projectId);
  const known = routable(found.lead.state, current.routing.rules);
  const others = ownership.repId === undefined ? known.excluded : [...known.excluded, ownership.repId];
  const looking = instead === undefined ? known : { ...known, excluded: others, approved: true };
  const approval = approvalFor(looking, current);
  if (approval) {
    await askApproval(engine, { projectId, leadId, ownership }, approval, request);
    return 'approval';
  }
  const { events } = await engine.handle(
    placeLead,
    {
      projectId,
      lead: looking,
      decision: ownership.decision,
      workId: `${leadId}.routing-${ownership.round}`,
      roster: current,
      calendar: engine.calendar(current),
      keep: instead !== undefined,
    },
    step(request, `place/${leadId}`),
  );
  for (const event of events) {
    if (event.type === 'LeadPlaced') await tellPlaced(engine, { projectId, roster: current, ...event.data }, request);
    if (event.type === 'LeadHeld') await tellHeld(engine, { projectId, ...event.data }, request);
  }
  const last = events.at(-1)?.type;
  return last === 'LeadPlaced' ? 'placed' : last === 'LeadHeld' ? 'held' : 'nothing';
};

/**
 * Finds a rep for a lead, and tells the lead: it is assigned, waits with a work item, or waits for approval. The pool's
 * append decides; what comes after it is safe to repeat, and is repeated when the process dies in between. A lead that needs
 * nobody is left as it is, and one that has somebody stays with whom it is when nobody else fits.
 */
export const routeLead = async (engine: Engine, asked: ByHand, request: Request): Promise<Routed> => {
  for (let round = 0; round < rounds; round++) {
    try {
      return await route(engine, asked, request);
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
  throw new TooManyConflicts(`Lead ${asked.leadId}`);
};

/** How many waiting leads get a place before others have their turn. */
const placesAtOnce = 200;

/**
 * Tries the leads that wait in a project again, oldest and hottest first. Of those that fit the same reps the first that
 * nobody fits speaks for all. Resolves with whether there may be more to place.
 */
export const retryWaiting = async (engine: Engine, projectId: string, request: Request): Promise<boolean> => {
  const { waiting, domains } = (await engine.states.refresh(pool, projectId)).state;
  if (waiting.size === 0) return false;
  const { routing } = await rosterOf(engine, projectId);
  const failed = new Set<string>();
  let placed = 0;
  for (const { leadId, likeness, domain, rulesVersion } of inTurn(waiting)) {
    const alike = `${likeness} ${domain === undefined ? '' : (domains.get(domain) ?? '')}`;
    if (rulesVersion === routing.version && failed.has(alike)) continue;
    const routed = await routeLead(engine, { projectId, leadId }, request);
    if (routed === 'placed') placed += 1;
    else failed.add(alike);
    if (placed === placesAtOnce) return true;
  }
  return false;
};

/** Tries all leads that wait in a project again. */
export const retryAllWaiting = async (
  engine: Engine,
  { projectId }: { readonly projectId: string },
  request: Request,
): Promise<void> => {
  // What is tried depends on who waits by then: each time is another one.
  const again = { ...request, commandId: unrepeatable(request.commandId) };
  while (await retryWaiting(engine, projectId, again));
};

/** A rep for a lead that somebody chose, and why. */
type Chosen = LeadId & { readonly repId: string; readonly reason: string };

/**
 * Gives a lead to the rep that somebody chose. Resolves with a position that has it. Throws a `Rejection` when there is no such
 * lead or rep, when it has no room, or when the lead is closed, and `StaleRevision` when the lead has changed since the caller saw it.
 */
export const assignByHand = async (engine: Engine, chosen: Chosen, request: Request): Promise<number> => {
  const { projectId, repId, reason } = chosen;
  const found = await findLead(engine.states, projectId, chosen.leadId, true);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${chosen.leadId}`);
  const {
    leadId,
    lead: { state, revision },
  } = found;
  const current = await rosterOf(engine, projectId);
  const { domain } = routable(state, current.routing.rules);
  const input = {
    projectId,
    leadId,
    repId,
    reason,
    status: state.ownership.status,
    ...(domain !== undefined && { domain }),
  };
  const ifMatch = request.expected === undefined ? {} : { ifMatch: { expected: request.expected, revision } };
  const place = { ...input, ...ifMatch, roster: current, calendar: engine.calendar(current) };
  const { events, position } = await engine.handle(placeByHand, place, step(request, `place/${leadId}`));
  for (const event of events)
    if (event.type === 'LeadPlaced') await tellPlaced(engine, { projectId, roster: current, ...event.data }, request);
  const told = await engine.states.get(lead, leadStreamId(projectId, leadId));
  return Math.max(position, told.position);
};
