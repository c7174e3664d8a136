import { lead } from '../domain/lead/lead.ts';
import type { PoolFact, PoolState } from '../domain/routing/pool.ts';
import { pool } from '../domain/routing/pool.ts';
import type { Outcome } from '../domain/routing/ownership-events.ts';
import { Rejection } from '../domain/rejection.ts';
import { responsePlan } from '../domain/routing/reply-policy.ts';
import type { RosterState } from '../domain/routing/roster.ts';
import { roster } from '../domain/routing/roster.ts';
import { leadStreamId } from '../domain/streams.ts';
import { workItem, workStreamId } from '../domain/work/work-item.ts';
import { empty } from '../engine/folded.ts';
import { assignLead } from '../commands/routing/assign-lead.ts';
import { closeWorkItem } from '../commands/work/close-work-item.ts';
import { failRouting } from '../commands/routing/fail-routing.ts';
import { freePlace } from '../commands/routing/free-place.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';
import { step } from './step.ts';
import { movePlace } from '../commands/routing/move-place.ts';
import { openWorkItem } from '../commands/work/open-work-item.ts';
import { findLead } from './resolve.ts';
import { withdrawLead } from '../commands/routing/withdraw-lead.ts';

/** A lead of a project. */
export type LeadId = { readonly projectId: string; readonly leadId: string };

/** How long somebody has for a lead that waits, in ms. */
export const workTime = 30 * 60_000;

const isMerged = (error: unknown): boolean => error instanceof Rejection && error.code === 'lead-merged';

/** The roster of a project, with everything that the store has by now. */
export const rosterOf = async ({ states }: Engine, projectId: string): Promise<RosterState> =>
  (await states.refresh(roster, projectId)).state;

/** Tells the lead that a merged one is part of whose it is: it takes the place over, or the place is free. */
export const takeOverPlace = async (
  engine: Engine,
  { projectId, from, into }: { readonly projectId: string; readonly from: string; readonly into: string },
  request: Request,
): Promise<void> => {
  const current = await rosterOf(engine, projectId);
  const { ownership } = (await engine.states.refresh(lead, leadStreamId(projectId, into))).state;
  const input = {
    projectId,
    from,
    into,
    rulesVersion: current.routing.version,
    closed: ownership.status === 'closed',
    excluded: [...ownership.excluded],
  };
  const { events } = await engine.handle(movePlace, input, step(request, `move/${from}`));
  for (const event of events)
    if (event.type === 'LeadPlaced') await tellPlaced(engine, { projectId, roster: current, ...event.data }, request);
};

/** A lead whose place was freed, and the decision that had given it. */
type Freed = LeadId & Pick<PoolFact<'LeadFreed'>['data'], 'decision' | 'reason'>;

/** Tells a lead that the place which a decision gave it was freed: the pool is what counts. */
export const tellFreed = async (
  { handle }: Engine,
  { projectId, leadId, decision, reason }: Freed,
  request: Request,
): Promise<void> => {
  if (decision === undefined) return;
  await handle(withdrawLead, { projectId, leadId, decision, reason }, step(request, `withdraw/${leadId}`));
};

/** Whether a lead has the place that a decision gave it, or one by a later decision. */
export const hasPlace = ({ places }: PoolState, leadId: string, decision: number): boolean =>
  (places.get(leadId)?.decision ?? 0) >= decision;

/** Whether the place that a decision gave a lead is another's or nobody's by now, or its own by a later decision. */
export const isFreed = ({ places, decisions }: PoolState, leadId: string, decision: number): boolean =>
  decisions >= decision && places.get(leadId)?.decision !== decision;

/**
 * Makes sure that the place which a lead was told of is still its own: while one process told it, another may have freed that.
 * Who frees it later finds that the lead has heard of it.
 */
export const confirmPlace = async (
  engine: Engine,
  { projectId, leadId, decision }: LeadId & { readonly decision: number },
  request: Request,
): Promise<void> => {
  if (hasPlace((await engine.states.get(pool, projectId)).state, leadId, decision)) return;
  if (hasPlace((await engine.states.refresh(pool, projectId)).state, leadId, decision)) return;
  await tellFreed(engine, { projectId, leadId, decision, reason: 'The place was freed meanwhile' }, request);
};

/** Frees the place that a lead had when it was closed: it may have been reopened since, and have another. */
export const freeClosed = async (
  { handle, states }: Engine,
  { projectId, leadId, workIds, outcome }: LeadId & { readonly workIds: string[]; readonly outcome: Outcome },
  request: Request,
): Promise<void> => {
  const { status, decision } = (await states.refresh(lead, leadStreamId(projectId, leadId))).state.ownership;
  const upTo = status === 'assigned' ? decision - 1 : decision;
  const free = { projectId, leadId, upTo, workIds, credit: false, reason: `closed: ${outcome}` };
  await handle(freePlace, free, request);
};

/** A place that a lead got, and the roster that this was decided with, where that is known. */
type Placed = LeadId & PoolFact<'LeadPlaced'>['data'] & { readonly roster?: RosterState };

/**
 * Tells a lead that it has a place, as the pool has decided. Safe to repeat: a lead that heard of it, or of a later decision,
 * does not hear it again. One that was closed meanwhile gives the place back; one that was merged hands it on.
 */
export const tellPlaced = async (
  engine: Engine,
  { projectId, roster: known, ...placed }: Placed,
  request: Request,
): Promise<void> => {
  const { leadId, placedAt, day: _, week: __, domain: ___, rotation: ____, ...assignment } = placed;
  const { reps, replies } = known ?? (await rosterOf(engine, projectId));
  const rep = reps.get(assignment.repId);
  const due = responsePlan(replies.policy, { hours: rep?.hours, timeOff: rep?.timeOff ?? [] }, new Date(placedAt));
  const plan = due && { policyVersion: replies.version, ...due, steps: [...due.steps] };
  const input = { projectId, leadId, assignment, assignedAt: placedAt, ...(plan && { plan }) };
  try {
    const { events } = await engine.handle(assignLead, input, step(request, `assign/${leadId}`));
    if (events.length > 0) return;
  } catch (error) {
    if (!isMerged(error)) throw error;
  }
  const found = await findLead(engine.states, projectId, leadId, true);
  if (found && found.leadId !== leadId)
    return takeOverPlace(engine, { projectId, from: leadId, into: found.leadId }, request);
  if (found && found.lead.state.ownership.decision >= assignment.decision) return;
  const free = { projectId, leadId, decision: assignment.decision, credit: true, reason: 'closed' };
  await engine.handle(freePlace, free, step(request, `free/${leadId}`));
};

/** Whether a lead waits with that work item. What is remembered may lag behind: that it does not is looked up. */
const waitsWith = async (
  { states }: Engine,
  { projectId, leadId, workId }: LeadId & Pick<PoolFact<'LeadHeld'>['data'], 'workId'>,
): Promise<boolean> =>
  (await states.get(pool, projectId)).state.waiting.get(leadId)?.workId === workId ||
  (await states.refresh(pool, projectId)).state.waiting.get(leadId)?.workId === workId;

/** A work item that is about to be opened has no facts yet, and is not read to know. If it has some after all, its append says so. */
const expectNew = ({ states }: Engine, item: { readonly projectId: string; readonly workId: string }): void => {
  const id = workStreamId(item);
  if (!states.known(workItem, id)) states.keep(workItem, id, empty(workItem));
};

/**
 * Tells a lead that nobody fits it; before that its work item is open, so that it is never without. Safe to repeat: a lead
 * that got a place meanwhile needs no work item.
 */
export const tellHeld = async (
  engine: Engine,
  held: PoolFact<'LeadHeld'>['data'] & LeadId,
  request: Request,
): Promise<void> => {
  const { projectId, leadId, reason, rule, rulesVersion, candidates, others, workId, heldAt, score } = held;
  if (!(await waitsWith(engine, held))) return;
  const dueAt = new Date(Date.parse(heldAt) + workTime).toISOString();
  const item = { projectId, workId, kind: 'routing_failed' as const, leadId, priority: 'high' as const, dueAt, reason };
  const details = { score, rulesVersion, ...(rule !== undefined && { rule }) };
  expectNew(engine, item);
  await engine.handle(openWorkItem, { ...item, details }, step(request, `work/${leadId}`));
  const considered = { candidates, ...(others && { others }) };
  const failed = { reason, rulesVersion, ...considered, workId, failedAt: heldAt, ...(rule !== undefined && { rule }) };
  try {
    const told = await engine.handle(failRouting, { projectId, leadId, ...failed }, step(request, `fail/${leadId}`));
    // It was waiting when it heard of its item: what ends that later ends the item.
    if (told.events.length > 0) return;
  } catch (error) {
    if (!isMerged(error)) throw error;
    const found = await findLead(engine.states, projectId, leadId, true);
    if (found) await takeOverPlace(engine, { projectId, from: leadId, into: found.leadId }, request);
  }
  const { state } = await engine.states.refresh(pool, projectId);
  if (state.waiting.get(leadId)?.workId === workId) return;
  // A lead that has not heard yet that its waiting is over keeps its item until it has: what tells it ends the item.
  const { status, ownership } = (await engine.states.refresh(lead, leadStreamId(projectId, leadId))).state;
  const waits = status === 'lead' && ownership.status === 'waiting' && ownership.workIds.includes(workId);
  if (!waits) await endWork(engine, { projectId, workIds: [workId], reason: 'The lead no longer waits' }, request);
};

type Ended = { readonly projectId: string; readonly workIds: readonly string[]; readonly reason: string };

/** Ends work items that nobody needs any more. Those that were never opened, or have ended, are left. */
export const endWork = async (
  engine: Engine,
  { projectId, workIds, reason }: Ended,
  request: Request,
): Promise<void> => {
  for (const workId of workIds) {
    const input = { projectId, workId, by: 'routing', how: 'completed' as const, reason };
    await engine.handle(closeWorkItem, input, step(request, `end/${workId}`));
  }
};
