import { z } from 'zod';
import { soundnessOf, soundnessRow } from '../support/soundness.ts';
import { must, mustEqual } from './case.ts';
import type { Ledger } from './ledger.ts';
import type { Project } from './project.ts';
import type { Server } from './server.ts';
import { inParallel, points } from './traffic.ts';

const lead = z.object({
  leadId: z.string(),
  score: z.number(),
  stage: z.string(),
  activities: z.int(),
  identifiers: z.array(z.object({ kind: z.string(), value: z.string() })),
});
/** A lead as a list shows it. */
export type Lead = z.infer<typeof lead>;

const entry = z.object({ eventId: z.string(), eventType: z.string(), occurredAt: z.string(), delta: z.number() });
/** An activity in a lead's history. */
export type Entry = z.infer<typeof entry>;

const explanation = z.object({ score: z.number(), contributions: z.array(z.object({ points: z.number() })) });
const dashboard = z.object({ totals: z.object({ leads: z.int(), activities: z.int() }) });
/** All that a project's read models show: each lead by id with its history. */
export type Shown = ReadonlyMap<string, { readonly lead: Lead; readonly timeline: readonly Entry[] }>;

/** Reads them all. */
export const shownBy = async (project: Project): Promise<Shown> => {
  const shown = new Map<string, { lead: Lead; timeline: readonly Entry[] }>();
  const leads = await project.all('/api/leads?limit=200', lead);
  await inParallel(8, leads, async (each) => {
    shown.set(each.leadId, {
      lead: each,
      timeline: await project.all(`/api/leads/${each.leadId}/timeline?limit=200`, entry),
    });
  });
  return new Map([...shown].toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

const stageOf = (score: number): string =>
  score >= 60 ? 'qualified' : score >= 31 ? 'hot' : score >= 11 ? 'warm' : 'cold';

/** The service's own check of all its invariants must find nothing. */
export const mustBeSound = async (server: Pick<Server, 'target'>): Promise<void> => {
  const { holds, found, details = [] } = soundnessRow(await soundnessOf(server.target()));
  must(holds === true, `The invariants do not hold: ${found}; ${details.join('; ').slice(0, 800)}`);
};

/** Each lead's score is that of its activities in the default model, its stage that of its score, its explanation its sum. */
const mustAddUp = async (project: Project, shown: Shown): Promise<void> => {
  await inParallel(8, [...shown.values()], async ({ lead: { leadId, score, stage, activities }, timeline }) => {
    const expected = Math.min(
      10_000,
      timeline.reduce((sum, { eventType }) => sum + (points[eventType] ?? 0), 0),
    );
    const told = await project.get(`/api/leads/${leadId}/score`, explanation);
    const sum = told.contributions.reduce((total, each) => total + each.points, 0);
    const found = { activities, score, stage, told: told.score, sum };
    mustEqual(
      found,
      { activities: timeline.length, score: expected, stage: stageOf(expected), told: expected, sum: expected },
      `Lead ${leadId}`,
    );
  });
};

/**
 * Everything that was acknowledged is there, nothing is there twice or came from nowhere, every score adds up, and no
 * invariant is broken. Says what is there.
 */
export const mustBeWhole = async (server: Pick<Server, 'target'>, project: Project, ledger: Ledger): Promise<Shown> => {
  const shown = await shownBy(project);
  const stored = [...shown.values()].flatMap(({ timeline }) => timeline.map(({ eventId }) => eventId));
  const once = new Set(stored);
  must(once.size === stored.length, `${stored.length - once.size} activities are counted twice`);
  const lost = [...ledger.acknowledged].filter((eventId) => !once.has(eventId));
  must(
    lost.length === 0,
    `${lost.length} of ${ledger.acknowledged.size} acknowledged activities are lost: ${lost.slice(0, 5).join(', ')}`,
  );
  const strange = stored.filter((eventId) => !ledger.sent.has(eventId));
  must(strange.length === 0, `${strange.length} activities were never sent: ${strange.slice(0, 5).join(', ')}`);
  await mustAddUp(project, shown);
  const { totals } = await project.get('/api/analytics/dashboard', dashboard);
  mustEqual(totals, { ...totals, leads: shown.size, activities: once.size }, 'The dashboard');
  await mustBeSound(server);
  return shown;
};
