import { createHash } from 'node:crypto';
import type { Activity } from '../domain/activity.ts';
import { saysTheSame } from '../domain/activity.ts';
import type { Found, Identifier, LinkPlan } from '../domain/identity.ts';
import { identifierKey, planLinks } from '../domain/identity.ts';
import { lead, rootOf } from '../domain/lead.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Capture, Group } from './capture-groups.ts';
import { connected, groupsOf } from './capture-groups.ts';
import { captureLead } from './capture-lead.ts';
import type { Request } from './handle.ts';
import { TooManyConflicts } from './handle.ts';
import { linkIdentifier } from './link-identifier.ts';
import { mergeLead } from './merge-lead.ts';
import type { Engine } from './merge.ts';
import { completeMerge, hasMoved, inParts, rounds, step } from './merge.ts';
import { recordActivities } from './record-activities.ts';
import { findLeadBy, withScoring } from './resolve.ts';

/** What became of a captured activity. `conflict`: its event id was used before, for something else. Durable up to `position`. */
export type Captured = {
  readonly status: 'queued' | 'duplicate';
  readonly conflict?: true;
  readonly eventId: string;
  readonly leadId: string;
  readonly position: number;
  /** Identifiers that stay with another lead, because a lead has one userId at most. */
  readonly refused?: readonly Identifier[];
};

/** The work at hand: one call of `capture`. */
type Flow = { readonly engine: Engine; readonly projectId: string; readonly request: Request };

type Write = (index: number, captured: Captured) => void;

/** Brings identifiers together on one lead, as far as the domain allows, and says which one. */
const attach = async ({ engine, projectId, request }: Flow, identifiers: Capture['identifiers']): Promise<LinkPlan> => {
  const { handle, states } = engine;
  const look = async (identifier: Identifier): Promise<Found> => {
    const found = await findLeadBy(states, projectId, identifier);
    return { identifier, root: found && rootOf(found.lead.state) };
  };
  const [strongest, ...others] = identifiers;
  for (let round = 0; round < rounds; round++) {
    const plan = planLinks(projectId, [await look(strongest), ...(await Promise.all(others.map(look)))]);
    const [merge] = plan.merge;
    if (plan.link.length === 0 && !merge) return plan;
    try {
      const { capture, target: into } = plan;
      if (capture) {
        const input = { projectId, identifier: capture };
        await withScoring(states, projectId, (scoring) =>
          handle(captureLead, { ...input, scoring }, step(request, `capture/${into}`)),
        );
      }
      for (const identifier of plan.link) {
        await handle(
          linkIdentifier,
          { projectId, identifier, into },
          step(request, `link/${identifierKey(identifier)}`),
        );
      }
      if (merge) {
        const leadId = merge.younger.leadId;
        const input = { projectId, leadId, into: merge.older.leadId };
        await handle(mergeLead, input, step(request, `merge/${leadId}`));
        await completeMerge(engine, projectId, leadId, request);
      }
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
  throw new TooManyConflicts('The lead');
};

/** What the groups that belong to one lead want recorded there. */
type Recording = { readonly plan: LinkPlan; readonly groups: Group[]; readonly refused: LinkPlan['refused'][number][] };

const recordingsOf = (plans: readonly (readonly [Group, LinkPlan])[]): readonly Recording[] => {
  const byLead = new Map<string, Recording>();
  for (const [group, plan] of plans) {
    const recording = byLead.get(plan.target);
    if (!recording) byLead.set(plan.target, { plan, groups: [group], refused: [...plan.refused] });
    else {
      recording.groups.push(group);
      recording.refused.push(...plan.refused);
    }
  }
  return [...byLead.values()];
};

/** Names what is recorded: a retry that finds the same activities together is the same command, any other is not. */
const nameOf = (activities: readonly Activity[]): string => {
  const [eventId, ...others] = activities.map((activity) => activity.eventId);
  if (eventId !== undefined && others.length === 0) return eventId;
  return createHash('sha256')
    .update(JSON.stringify([eventId, ...others]))
    .digest('base64url');
};

/** Records what belongs on one lead, in as many appends as it takes; says of each activity what became of it. */
const record = async (
  { engine, projectId, request }: Flow,
  { plan, groups, refused }: Recording,
  write: Write,
): Promise<void> => {
  const { handle, states } = engine;
  const leadId = plan.target;
  const elsewhere = new Set(refused.map(({ identifier }) => identifierKey(identifier)));
  const identifiers = groups
    .flatMap((group) => group.identifiers)
    .filter((each) => !elsewhere.has(identifierKey(each)));
  const items = groups.flatMap((group) => group.items).sort((a, b) => a.index - b.index);

  const byActivity = new Map(items.map((item) => [item.activity, item]));
  for (const activities of inParts(byActivity.keys())) {
    const capture = plan.capture;
    const input = {
      ...{ projectId, leadId, identifiers, refused: [...refused], activities: [...activities] },
      ...(capture && { capture }),
    };
    const { events, position } = await withScoring(states, projectId, (scoring) =>
      handle(recordActivities, { ...input, scoring }, step(request, `record/${nameOf(activities)}`)),
    );
    const recorded = new Set(
      events.flatMap((event) => (event.type === 'ActivityRecorded' ? [event.data.eventId] : [])),
    );
    const { state } = await states.get(lead, leadStreamId(projectId, leadId));
    for (const activity of activities) {
      const item = byActivity.get(activity);
      if (!item) continue;
      const { eventId } = activity;
      const accepted = recorded.delete(eventId);
      const first = state.activities.get(eventId);
      const differs =
        first && !(saysTheSame(first, activity) && (!item.exactTime || first.occurredAt === activity.occurredAt));
      const links = item.identifiers.filter((each) => elsewhere.has(identifierKey(each)));
      write(item.index, {
        status: accepted ? 'queued' : 'duplicate',
        ...(!accepted && differs && { conflict: true }),
        ...{ eventId, leadId, position },
        ...(links.length > 0 && { refused: links }),
      });
    }
  }
};

/** Captures groups that share identifiers, directly or by way of each other: links first, in order, then recordings. */
const captureTogether = async (flow: Flow, groups: readonly Group[], write: Write): Promise<void> => {
  let left = groups;
  for (let round = 0; round < rounds && left.length > 0; round++) {
    // A later link may move an earlier lead: where each belongs is known when all are linked.
    for (const { identifiers } of left.slice(0, -1)) await attach(flow, identifiers);
    const plans: [Group, LinkPlan][] = [];
    for (const group of left) plans.push([group, await attach(flow, group.identifiers)]);
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
};

/** How many leads of one batch are worked on at a time, so that their appends share commits without flooding the store. */
const width = 128;

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
  const parts = connected(groupsOf(captures.map((each, index) => ({ ...each, index }))));
  const next = parts.values();
  const work = async (): Promise<void> => {
    for (const groups of next) {
      await captureTogether({ engine, projectId, request }, groups, (index, captured) => (results[index] ??= captured));
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, parts.length) }, work));
  return results;
};
