import type { LeadEvent } from '../domain/lead/lead-events.ts';
import type { ProjectEvent } from '../domain/projects/project.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { checkpointsMove } from './checkpoints.ts';
import { mergedAreEmpty } from './merging.ts';
import { nothingElse } from './history.ts';
import type { Judging } from './judging.ts';
import { each, judging } from './judging.ts';
import type { Part } from './parts.ts';
import { isFirst, isIn, Misplaced, whole } from './parts.ts';
import type { PoolView } from './pool-view.ts';
import { poolViews } from './pool-view.ts';
import type { Sleep, Readers } from './positions.ts';
import { positionsOf } from './positions.ts';
import { documentsOf, known, mergedCount, evidenceBeside } from './reading.ts';
import type { Report } from './report.ts';
import { tallyOf } from './report.ts';
import type { LeadKey, Stores } from './streams.ts';
import { modelsOf, nameOf, stretchOf } from './streams.ts';

/** What to check: one project or all, all leads unless a part is given, and who reads the log. */
export type Check = Readers & { readonly projectId?: string | undefined; readonly part?: Part };

/** Which leads: of one project or of all, and which part of them. */
type Scope = { readonly projectId: string | undefined; readonly part: Part };

/** After how many leads that seem wrong they are looked at again. */
const manySuspects = 500;

type Begun = LeadEvent | ProjectEvent;
const beginnings: readonly Begun['type'][] = ['ProjectCreated', 'LeadCaptured', 'LeadMerged', 'LeadAbsorbed'];

/** What the log says there must be: its projects, and how many ids of each were merged or linked. */
type Expected = { readonly projects: Set<string>; readonly merged: Map<string, number> };

const keyOf = ({ stream }: Recorded): LeadKey | undefined => {
  const parts = streamParts('lead', stream);
  return parts && { projectId: parts.projectId, leadId: parts.id };
};

/** Goes through the log: every lead of the part that began and every id that was merged must be in the read models. */
const followLog = async (
  stores: Stores,
  judge: Judging,
  until: number,
  { projectId, part }: Scope,
): Promise<Expected> => {
  const streams = projectId === undefined ? [streamsOf('project'), streamsOf('lead')] : [streamsOf('lead', projectId)];
  const expected: Expected = { projects: new Set(projectId === undefined ? [] : [projectId]), merged: new Map() };
  // Merged leads that no lead has taken over yet: a moment later one has.
  const waiting = new Map<string, LeadKey>();

  /** What matters whichever part the lead is of: who took it over may be of another, and ids are counted by project. */
  const take = ({ type, data }: Recorded<Begun>, key: LeadKey): void => {
    if (type === 'LeadMerged') expected.merged.set(key.projectId, (expected.merged.get(key.projectId) ?? 0) + 1);
    if (type === 'LeadAbsorbed' && data.last) waiting.delete(nameOf({ ...key, leadId: data.from }));
  };

  const lookAtId = (event: Recorded<Begun>, key: LeadKey, found: Awaited<ReturnType<typeof known>>): void => {
    const name = nameOf(key);
    const [lives, into] = [found.living.has(name), found.merged.get(name)];
    if (event.type === 'LeadCaptured') {
      if (lives === (into !== undefined)) judge.suspect(key);
    } else if (event.type === 'LeadMerged') {
      if (event.data.identifier === undefined) waiting.set(name, key);
      if (lives || into !== event.data.into) judge.suspect(key);
      else judge.add(mergedAreEmpty.id, key.projectId, { checked: 1, findings: [] });
    }
  };

  for await (const events of stretchOf<Begun>(stores, [0, until], { streams, types: beginnings })) {
    const ofLeads = events.flatMap((event) => {
      if (event.type === 'ProjectCreated') expected.projects.add(event.data.projectId);
      const key = keyOf(event);
      return key ? [[event, key] as const] : [];
    });
    const own = ofLeads.map(([, key]) => key).filter(({ leadId }) => isIn(part, leadId));
    const found = await known(stores, own);
    for (const [event, key] of ofLeads) {
      take(event, key);
      if (isIn(part, key.leadId)) lookAtId(event, key, found);
    }
    if (judge.suspects() > manySuspects) await judge.lookAgain();
  }
  for (const key of waiting.values()) judge.suspect(key);
  await judge.lookAgain();
  return expected;
};

/** Goes through a project's documents: each must be what the facts of its stream add up to. A place in the pool must be of one. */
const followDocuments = async (
  stores: Stores,
  judge: Judging,
  { until, part }: { readonly until: number; readonly part: Part },
  [projectId, pool]: readonly [string, PoolView],
): Promise<void> => {
  const models = await modelsOf(stores, projectId);
  const placed = new Set([...pool.placed()].filter((leadId) => isIn(part, leadId)));
  let before = '';
  for await (const found of documentsOf(stores, projectId, part)) {
    await each(found, async (documents) => {
      const { leadId, document } = documents;
      if (!isIn(part, leadId)) throw new Misplaced();
      // What does not lie where it belongs is looked up by its id.
      if (!document || leadId <= before) return judge.suspect({ projectId, leadId });
      before = leadId;
      judge.look(await evidenceBeside(stores, projectId, documents, { until, models, pool }));
      placed.delete(leadId);
    });
    if (judge.suspects() > manySuspects) await judge.lookAgain();
  }
  for (const leadId of placed) judge.suspect({ projectId, leadId });
  await judge.lookAgain();
};

/** Whether the read models say of more ids than the log that they were merged. */
const countMerged = async (stores: Stores, judge: Judging, until: number, [projectId, expected]: [string, number]) => {
  const found = await mergedCount(stores, projectId);
  if (found <= expected) return;
  const later = { streams: [streamsOf('lead', projectId)], types: ['LeadMerged'] };
  let known = expected;
  for await (const events of stretchOf(stores, [until, await stores.store.head()], later)) known += events.length;
  if (found <= known) return;
  const why = `the read models say of ${found} ids that they lead to another, the log has ${known} such facts`;
  judge.add(nothingElse.id, projectId, { checked: 0, findings: [{ why }] });
};

/**
 * Checks every invariant over all leads, of one project or of all, or over a part of them: what streams add up to against what
 * the read models have. Goes through both a page at a time. It holds for `position`, while facts are recorded all the time.
 * Throws when the stores can't be read, and `Misplaced` when a part can't be judged by itself. `projectId` must be one that exists.
 */
export const checkInvariants = async (
  stores: Stores,
  { projectId, part = whole, ...readers }: Check,
  { now, sleep }: { readonly now: () => Date; readonly sleep: Sleep },
): Promise<Report> => {
  const begun = performance.now();
  const checkedAt = now().toISOString();
  const positions = positionsOf(stores, readers, sleep);
  const { until, aim } = await positions.begin();
  const pools = poolViews(stores, positions.routed);
  const judge = judging(stores, { settled: positions.settled, pools, sleep }, readers.live);

  const { projects, merged } = await followLog(stores, judge, until, { projectId, part });
  for (const id of projects) {
    await followDocuments(stores, judge, { until, part }, [id, await pools.viewOf(id)]);
    pools.forget(id);
    if (isFirst(part)) await countMerged(stores, judge, until, [id, merged.get(id) ?? 0]);
  }
  const last = tallyOf(checkpointsMove.id, checkpointsMove.name);
  if (isFirst(part)) last.add({}, checkpointsMove.check(await positions.end(aim)));

  const invariants = [...judge.results(), last.result()];
  const { leads, activities } = judge.counted;
  return {
    status: invariants.every(({ violations }) => violations === 0) ? 'healthy' : 'violated',
    checkedAt,
    ...(projectId !== undefined && { projectId }),
    position: until,
    took: Math.round(performance.now() - begun),
    leads,
    activities,
    invariants,
  };
};
