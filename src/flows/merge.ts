import type { Activity } from '../domain/lead/activity.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import { routingBrought } from '../domain/routing/ownership-merge.ts';
import { project } from '../domain/projects/project.ts';
import { Rejection } from '../domain/rejection.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import { leadStreamId } from '../domain/streams.ts';
import { absorbLead } from '../commands/lead/absorb-lead.ts';
import { addIdentifier } from '../commands/lead/add-identifier.ts';
import { isRepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Resolved } from './resolve.ts';
import { rescoreLead } from '../commands/scoring/rescore-lead.ts';
import { findLead, withScoring } from './resolve.ts';
import type { Engine } from './engine.ts';

/** One step of a flow: its command id is made from the flow's, so that the same flow again repeats the same commands. */
export const step = (request: Request, name: string): Request => {
  const { expected: _, ...rest } = request;
  const { commandId } = request;
  return { ...rest, commandId: isRepeatable(commandId) ? `${commandId}/${name}` : commandId, causationId: commandId };
};

const partLimit = { activities: 500, bytes: 256 * 1024 };

/** Splits activities so that each part fits one append: at most 500 of them and, but for the last one put in, 256 KiB as JSON. */
export const inParts = <T extends { readonly activity: Activity }>(items: readonly T[]): readonly (readonly T[])[] => {
  if (items.length < 2) return items.length === 0 ? [] : [items];
  const parts: T[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const part = parts.at(-1);
    if (!part || part.length >= partLimit.activities || bytes >= partLimit.bytes) {
      parts.push([item]);
      bytes = 0;
    } else {
      part.push(item);
    }
    bytes += Buffer.byteLength(JSON.stringify(item.activity));
  }
  return parts;
};

/**
 * Does something that scores a lead, with the model in force. The job of a model that was published meanwhile may not find
 * the lead in time: then it is scored again here.
 */
export const scoring = async <T>(
  { handle, states }: Engine,
  { projectId, leadId }: { readonly projectId: string; readonly leadId: string },
  request: Request,
  use: (scoring: PublishedModel) => Promise<T>,
): Promise<T> => {
  const used = { version: 0 };
  const result = await withScoring(states, projectId, (model) => {
    used.version = model.version;
    return use(model);
  });
  const inForce = (await states.get(project, projectId)).state.scoring;
  if (inForce.version > used.version) {
    const again = step(request, `rescore/${inForce.version}/${leadId}`);
    await handle(rescoreLead, { projectId, leadId, scoring: inForce }, again);
  }
  return result;
};

const absorb = async (
  engine: Engine,
  [projectId, leadId, from]: readonly [string, string, string],
  gone: LeadState,
  request: Request,
): Promise<void> => {
  const parts = inParts([...gone.activities.values()].map((activity) => ({ activity })));
  const { qualifications, ownership, merges } = gone;
  const routing = routingBrought(ownership);
  let brought = 0;
  for (const part of parts.length > 0 ? parts : [[]]) {
    const activities = part.map(({ activity }) => activity);
    const identifiers = brought === 0 ? [...gone.identifiers.values()] : [];
    const end = brought + activities.length;
    const last = end === gone.activities.size;
    const input = { projectId, leadId, from, identifiers, activities, qualifications, last, routing, merges };
    // What was merged changes no more, so its parts are the same whoever brings them, and have one command id each.
    const { fingerprint: _, ...anybody } = step(request, 'absorb');
    const bringing = { ...anybody, commandId: `absorb/${from}/${brought}-${end}` };
    await scoring(engine, input, request, (model) => engine.handle(absorbLead, { ...input, scoring: model }, bringing));
    brought = end;
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

/** How often a flow looks again after others moved what it was working on; each time somebody got further. */
export const rounds = 50;

/** The domain says that what the flow looked at has moved; looking again helps. */
export const hasMoved = (error: unknown): boolean =>
  error instanceof Rejection && (error.code === 'lead-merged' || error.code === 'identifier-taken');

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
