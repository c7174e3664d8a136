import { leadInvariants } from './index.ts';
import type { PoolViews } from './pool-view.ts';
import type { Sleep } from './positions.ts';
import { evidenceOf } from './reading.ts';
import { tallyOf } from './report.ts';
import type { Checked } from './report.ts';
import type { LeadEvidence } from './evidence.ts';
import type { LeadKey, Stores } from './streams.ts';
import { modelsOf, nameOf } from './streams.ts';

/** How many violated leads are remembered, so that none is counted twice. */
const remembered = 100_000;

/** How long to wait before another look, in ms, look by look; and in a whole check. The last is for what is still on its way. */
const waits = [0, 200, 1_000];
const waitInAll = 5_000;

/** How many leads are read at the same time. */
const width = 16;

/** Does something with each of many things, a few at a time. */
export const each = async <T>(things: readonly T[], work: (thing: T) => Promise<void>): Promise<void> => {
  const next = things.values();
  const worker = async (): Promise<void> => {
    for (const thing of next) await work(thing);
  };
  await Promise.all(Array.from({ length: Math.min(width, things.length) }, worker));
};

const verdictOn = (evidence: LeadEvidence): readonly Checked[] => leadInvariants.map(({ check }) => check(evidence));
const isFine = (verdict: readonly Checked[]): boolean => verdict.every(({ findings }) => findings.length === 0);

type Views = { readonly settled: () => Promise<number>; readonly pools: PoolViews; readonly sleep: Sleep };

/**
 * Looks at leads and counts what is found. What seems wrong at first may only be on its way, so it is looked at again, by
 * its id, when the read models have what was recorded since. `settled` gives up to where they have everything by now.
 */
export const judging = (stores: Stores, { settled, pools, sleep }: Views, live: boolean) => {
  const tallies = leadInvariants.map(({ id, name }) => tallyOf(id, name));
  const counted = { leads: 0, activities: 0, waited: 0 };
  const violated = new Set<string>();
  const suspects = new Map<string, LeadKey>();

  const count = (evidence: LeadEvidence, verdict: readonly Checked[]): void => {
    const { projectId, leadId, state } = evidence;
    if (state.status === 'lead') {
      counted.leads += 1;
      counted.activities += evidence.arrivals.size;
    }
    verdict.forEach((checked, index) => tallies[index]?.add({ projectId, leadId }, checked));
  };

  const suspect = (key: LeadKey): void => {
    const name = nameOf(key);
    if (!violated.has(name)) suspects.set(name, key);
  };

  const look = (evidence: LeadEvidence): void => {
    const verdict = verdictOn(evidence);
    if (isFine(verdict)) count(evidence, verdict);
    else suspect(evidence);
  };

  const asOfNow = async (projectId: string) => ({
    models: await modelsOf(stores, projectId),
    pool: await pools.viewOf(projectId),
  });

  const lookCloser = async (keys: readonly LeadKey[], until: number) => {
    const projects = [...new Set(keys.map(({ projectId }) => projectId))];
    const about = new Map(await Promise.all(projects.map(async (id) => [id, await asOfNow(id)] as const)));
    const wrong: (readonly [LeadEvidence, readonly Checked[]])[] = [];
    await each(keys, async (key) => {
      const own = about.get(key.projectId) ?? (await asOfNow(key.projectId));
      const evidence = await evidenceOf(stores, key, { until, ...own });
      const verdict = verdictOn(evidence);
      if (isFine(verdict)) count(evidence, verdict);
      else wrong.push([evidence, verdict]);
    });
    return wrong;
  };

  /** Looks at the suspects again, by and by, and counts those of which something stays wrong. */
  const lookAgain = async (): Promise<void> => {
    let keys: readonly LeadKey[] = [...suspects.values()];
    suspects.clear();
    let wrong: Awaited<ReturnType<typeof lookCloser>> = [];
    let before = -1;
    for (const [look, wait] of (live ? waits : [0]).entries()) {
      if (keys.length === 0) return;
      const [quiet, spent] = [(await settled()) === before, counted.waited + wait > waitInAll];
      // Two looks at what does not change are enough.
      if (spent || (quiet && look > 1)) break;
      counted.waited += wait;
      await sleep(wait);
      before = await settled();
      wrong = await lookCloser(keys, before);
      keys = wrong.map(([evidence]) => evidence);
    }
    for (const [evidence, verdict] of wrong) {
      if (violated.size < remembered) violated.add(nameOf(evidence));
      count(evidence, verdict);
    }
  };

  return {
    look,
    suspect,
    lookAgain,
    counted,
    suspects: () => suspects.size,
    /** Counts what was found of an invariant without looking at one lead closely. */
    add: (id: number, projectId: string, checked: Checked): void =>
      tallies[leadInvariants.findIndex((invariant) => invariant.id === id)]?.add({ projectId }, checked),
    results: () => tallies.map(({ result }) => result()),
  };
};
export type Judging = ReturnType<typeof judging>;
