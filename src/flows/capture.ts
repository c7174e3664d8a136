import { createHash } from 'node:crypto';
import { activityOf, noActivities } from '../domain/lead/activities.ts';
import type { Activity } from '../domain/lead/activity.ts';
import { isRetry } from '../domain/lead/activity.ts';
import type { LinkPlan, RefusedLink } from '../domain/identity/identity.ts';
import { identifierKey } from '../domain/identity/identity.ts';
import { lead } from '../domain/lead/lead.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Flow } from './attach.ts';
import { attach, note, noted, planKnown } from './attach.ts';
import { inTurn } from '../engine/pacing.ts';
import type { Capture, Group, Item, Planned, Recording } from './capture-groups.ts';
import { connected, groupOf, groupsOf, recordingsOf, widthOf } from './capture-groups.ts';
import { isRepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Engine } from './engine.ts';
import { hasMoved, inParts, rounds, scoring, step } from './step.ts';
import { recordActivities } from '../commands/lead/record-activities.ts';
import { identifiersOf } from './resolve.ts';

/** What became of a captured activity. `conflict`: its event id was used before, for something else. Durable up to `position`. */
export type Captured = {
  readonly status: 'queued' | 'duplicate';
  readonly conflict?: true;
  readonly eventId: string;
  readonly leadId: string;
  readonly position: number;
  /** Identifiers that were not linked, and why. */
  readonly refused?: readonly RefusedLink[];
  /** The names of traits that were not taken, because the lead has no room for them. */
  readonly traitsLeftOut?: readonly string[];
};

type Write = (index: number, captured: Captured) => void;

/** Names what is recorded: a retry that finds the same items together is the same command, any other is not. */
const nameOf = (items: readonly Item[], { commandId }: Request): string => {
  if (!isRepeatable(commandId)) return '';
  const names = items.map(({ index, activity }) => `${index}/${activity.eventId}`);
  if (names.length === 1) return names.join();
  return createHash('sha256').update(JSON.stringify(names)).digest('base64url');
};

/** Records what belongs on one lead, in as many appends as it takes; says of each activity what became of it. */
const record = async (
  { engine, projectId, request }: Flow,
  { plan, groups, identifiers, refused }: Recording,
  write: Write,
): Promise<void> => {
  const { handle, states } = engine;
  const leadId = plan.target;
  const elsewhere = new Map(refused.map((link) => [identifierKey(link.identifier), link]));
  const items = groups.flatMap((group) => group.items).sort((a, b) => a.index - b.index);

  const parts = inParts(items);
  for (const part of parts) {
    if (parts.length > 1) await engine.yieldToOthers(projectId);
    const capture = plan.capture;
    const activities = part.map(({ activity }) => activity);
    const input = {
      projectId,
      leadId,
      identifiers,
      refused: [...refused],
      activities,
      ...(capture && { capture }),
    };
    const { events, position } = await scoring(engine, input, request, (model) =>
      handle(recordActivities, { ...input, scoring: model }, step(request, `record/${nameOf(part, request)}`)),
    );
    const recorded = new Map<string, Activity>();
    for (const event of events) if (event.type === 'ActivityRecorded') recorded.set(event.data.eventId, event.data);
    const areNew = recorded.size === part.length;
    const known = areNew ? noActivities : (await states.get(lead, leadStreamId(projectId, leadId))).state.activities;
    for (const item of part) {
      const { activity } = item;
      const { eventId } = activity;
      const accepted = recorded.get(eventId);
      recorded.delete(eventId);
      const kept = accepted ?? activityOf(known, eventId);
      const differs = !accepted && kept && !isRetry(kept, activity, item.exactTime);
      const links =
        refused.length === 0 ? [] : item.identifiers.flatMap((each) => elsewhere.get(identifierKey(each)) ?? []);
      write(item.index, {
        status: accepted ? 'queued' : 'duplicate',
        ...(differs && { conflict: true }),
        eventId,
        leadId,
        position,
        ...(links.length > 0 && { refused: links }),
        ...(kept?.traitsLeftOut && { traitsLeftOut: kept.traitsLeftOut }),
      });
    }
  }
};

/** Brings identifiers together when it is the turn of one of many. */
const attachInTurn = async (flow: Flow, identifiers: Capture['identifiers']): Promise<LinkPlan> => {
  await flow.engine.yieldToOthers(flow.projectId);
  return attach(flow, identifiers);
};

/**
 * A group with all identifiers known, by those `told` of before it. They are not looked up again: an id may become one of
 * another kind by what comes later.
 */
const resolved = async (
  { engine: { states }, projectId }: Flow,
  group: Group,
  told: ReadonlySet<string>,
): Promise<Group> => {
  if (!group.unresolved) return group;
  const identifiers = await identifiersOf(states, projectId, group, told);
  return { identifiers, items: group.items.map((item) => ({ ...item, identifiers })) };
};

const none: ReadonlySet<string> = new Set();

/** Where the one group of nearly every request belongs: mostly that is known, and nothing is to be waited for. */
const planOfOne = async (flow: Flow, group: Group): Promise<Planned> => {
  const known = group.unresolved ? await resolved(flow, group, none) : group;
  return [known, planKnown(flow, known.identifiers) ?? (await attach(flow, known.identifiers))];
};

/** Where groups belong that share identifiers. A later link may move an earlier lead: it is known when all are linked, in order. */
const plansOfMany = async (flow: Flow, groups: readonly Group[]): Promise<readonly Planned[]> => {
  const named: Group[] = [];
  const told = new Set<string>();
  for (const group of groups) {
    const known = await resolved(flow, group, told);
    await attachInTurn(flow, known.identifiers);
    for (const identifier of known.identifiers) told.add(identifierKey(identifier));
    named.push(known);
  }
  const plans: Planned[] = [];
  for (const group of named) plans.push([group, await attachInTurn(flow, group.identifiers)]);
  return plans;
};

/** Captures groups that share identifiers, directly or by way of each other: links first, then recordings. */
const captureTogether = async (flow: Flow, groups: readonly Group[], write: Write): Promise<void> => {
  let left = groups;
  try {
    for (let round = 0; round < rounds && left.length > 0; round++) {
      const [one] = left;
      const plans = one && left.length === 1 ? [await planOfOne(flow, one)] : await plansOfMany(flow, left);
      const moved: Group[] = [];
      for (const recording of recordingsOf(plans)) {
        try {
          await record(flow, recording, write);
        } catch (error) {
          if (!hasMoved(error)) throw error;
          moved.push(...recording.groups);
        }
      }
      left = moved;
    }
    if (left.length > 0) throw new TooManyConflicts('The lead');
    // Where a command was done before, it noted only what led to the lead then.
    if (flow.linked.length > 0) await note(flow);
  } finally {
    noted(flow);
  }
};

/** Puts together what goes the same way, and the groups that share identifiers. */
const partsOf = async (
  { yieldToOthers }: Engine,
  projectId: string,
  items: readonly Item[],
): Promise<readonly (readonly Group[])[]> => {
  // Nearly every request tells of one thing.
  if (items.length === 1) return [items.map(groupOf)];
  const groups = await inTurn(yieldToOthers, projectId, groupsOf(items));
  return inTurn(yieldToOthers, projectId, connected(groups));
};

/**
 * Captures activities of a project, one or a batch: resolves who did them, links or merges, records, scores. What is
 * answered is durable. The same event id of the same person again is a duplicate, whenever and through whichever identifier.
 */
export const capture = async (
  engine: Engine,
  projectId: string,
  captures: readonly Capture[],
  request: Request,
): Promise<readonly Captured[]> => {
  const results: Captured[] = [];
  const write: Write = (index, captured) => (results[index] ??= captured);
  const items = captures.map((each, index) => ({ ...each, index }));
  const parts = await partsOf(engine, projectId, items);
  const together = (groups: readonly Group[]): Promise<void> =>
    captureTogether({ engine, projectId, request, linked: [] }, groups, write);

  const [only] = parts;
  if (only && parts.length === 1) {
    await together(only);
    return results;
  }
  const next = parts.values();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const groups of next) {
      await engine.yieldToOthers(projectId);
      try {
        await together(groups);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  // All workers end before the failure is told: nothing is written behind the back of a caller who tries again.
  await Promise.all(Array.from({ length: widthOf(parts.length, captures.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
};
