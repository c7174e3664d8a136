import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Answer } from './http.ts';
import { ask, DemoError } from './http.ts';
import type { Project } from './projects.ts';
import { visitors } from './story.ts';
import type { Tally } from './tally.ts';

const identifier = z.object({ kind: z.string(), value: z.string() });
const lead = z.object({
  leadId: z.string(),
  score: z.number(),
  stage: z.string(),
  risk: z.string(),
  nextAction: z.string(),
  profile: z.object({ name: z.string().optional(), company: z.string().optional() }),
  identifiers: z.array(identifier),
});
export type Lead = z.infer<typeof lead>;

const leaderboard = z.object({ data: z.array(lead.extend({ rank: z.int() })) });
const dashboard = z.object({
  totals: z.object({ leads: z.int(), activities: z.int(), merged: z.int(), qualifications: z.int() }),
  stages: z.record(z.string(), z.int()),
  qualified: z.int(),
  conversion: z.number(),
});
const contribution = z.object({
  kind: z.string(),
  rule: z.string(),
  points: z.number(),
  count: z.int().optional(),
});
export type Contribution = z.infer<typeof contribution>;
const explanation = z.object({ score: z.number(), contributions: z.array(contribution) });
const entry = z.object({
  eventType: z.string(),
  occurredAt: z.string(),
  delta: z.number(),
  score: z.number(),
  source: z.string(),
});
export type Entry = z.infer<typeof entry>;
const timeline = z.object({ data: z.array(entry) });

/** How a project stands at the end. */
export type Standing = {
  readonly project: Project;
  readonly leaders: z.infer<typeof leaderboard>['data'];
  readonly dashboard: z.infer<typeof dashboard>;
};

/** One lead, why it has its score, and the beginning and the end of what it did, in order. */
export type Portrait = {
  readonly lead: Lead;
  readonly explanation: z.infer<typeof explanation>;
  readonly first: readonly Entry[];
  readonly last: readonly Entry[];
};

/** A lead that was two, and the id of the one that went into it. */
export type Merged = { readonly from: string; readonly lead: Lead };

export type Findings = {
  readonly standings: readonly Standing[];
  readonly portrait: Portrait;
  readonly merged: Merged | undefined;
};

/** Reads of a project that have all that was written in it. */
const readerOf = (project: Project, tally: Tally) => {
  const read = async <S extends z.ZodType>(path: string, shape: S, tries = 5): Promise<Answer<z.output<S>>> => {
    const headers = { 'Leadfold-After-Position': String(tally.position(project)) };
    try {
      return await ask({ url: `${project.url}${path}`, key: project.key, headers }, shape);
    } catch (error) {
      // Read models that are behind are worth waiting for.
      if (tries === 0 || !(error instanceof DemoError && /not-there-yet/.test(error.message))) throw error;
      await sleep(500);
      return read(path, shape, tries - 1);
    }
  };
  return read;
};
type Read = ReturnType<typeof readerOf>;

const portraitOf = async (read: Read, leadId: string): Promise<Portrait> => {
  const path = `/api/leads/${leadId}`;
  const [found, score, first, last] = [
    await read(path, lead),
    await read(`${path}/score`, explanation),
    await read(`${path}/timeline?limit=3`, timeline),
    await read(`${path}/timeline?limit=3&order=desc`, timeline),
  ];
  return {
    lead: found.body,
    explanation: score.body,
    first: first.body.data,
    last: last.body.data.toReversed(),
  };
};

const mergedOf = async (read: Read, tally: Tally): Promise<Merged | undefined> => {
  const ids = Array.from({ length: visitors }, (_, visitor) => tally.leadsOf(visitor)).find(({ length }) => length > 1);
  for (const from of ids ?? []) {
    const { body, location } = await read(`/api/leads/${from}`, lead);
    if (location?.endsWith(`/${body.leadId}`) && body.leadId !== from) return { from, lead: body };
  }
  return undefined;
};

/** Reads what came of it, through the API. Throws a `DemoError` when that can't be read. */
export const findingsOf = async (projects: readonly [Project, Project], tally: Tally): Promise<Findings> => {
  const standings = projects.map(async (project): Promise<Standing> => {
    const read = readerOf(project, tally);
    const { body } = await read('/api/leaderboard?limit=5', leaderboard);
    return { project, leaders: body.data, dashboard: (await read('/api/analytics/dashboard', dashboard)).body };
  });
  const [acme, bloom] = [await standings[0], await standings[1]];
  const best = bloom?.leaders[0];
  if (!acme || !bloom || !best)
    throw new DemoError(`${projects[1].name} has no leads, though events were taken for it`);
  const portrait = await portraitOf(readerOf(projects[1], tally), best.leadId);
  return { standings: [acme, bloom], portrait, merged: await mergedOf(readerOf(projects[0], tally), tally) };
};
