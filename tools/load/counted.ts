import { z } from 'zod';
import { inParallel } from '../chaos/traffic.ts';
import type { Project } from '../support/project.ts';
import type { Expected } from './mix.ts';
import { expectedOf } from './mix.ts';

const lead = z.object({
  leadId: z.string(),
  score: z.number(),
  activities: z.int(),
  identifiers: z.array(z.object({ value: z.string() })),
});
const entry = z.object({
  eventId: z.string(),
  delta: z.number(),
  because: z.array(z.object({ points: z.number() })),
});
type Entry = z.infer<typeof entry>;

const timelineOf = async (project: Project, leadId: string, position: number): Promise<readonly Entry[]> => {
  const entries: Entry[] = [];
  for await (const page of project.pages(`/api/leads/${leadId}/timeline?limit=200`, entry, position))
    entries.push(...page);
  return entries;
};

/** What is wrong with one lead, in words. */
const wrongIn = (
  { score, activities }: z.infer<typeof lead>,
  timeline: readonly Entry[],
  expected: Expected,
): readonly string[] => {
  const seen = new Set(timeline.map(({ eventId }) => eventId));
  const lost = [...expected.events.keys()].filter((eventId) => !seen.has(eventId));
  const strange = [...seen].filter((eventId) => !expected.events.has(eventId));
  const wronglyScored = timeline.filter(({ eventId, delta, because }) => {
    const points = expected.events.get(eventId);
    return points !== undefined && (delta !== points || because.length !== (points === 0 ? 0 : 1));
  });
  const sum = timeline.reduce((total, { delta }) => total + delta, 0);
  return [
    ...lost.map((eventId) => `${eventId} is lost`),
    ...strange.map((eventId) => `${eventId} came from nowhere`),
    ...(seen.size < timeline.length ? [`${timeline.length - seen.size} events are there twice`] : []),
    ...wronglyScored.map(({ eventId }) => `${eventId} is not scored exactly once`),
    ...(activities === expected.events.size ? [] : [`${activities} activities, not ${expected.events.size}`]),
    ...(score === expected.score ? [] : [`score ${score}, not ${expected.score}`]),
    ...(sum === expected.score ? [] : [`its changes sum up to ${sum}, not ${expected.score}`]),
  ];
};

/**
 * Reads every lead and its history back, when the read models have all up to a position, and says what is not as the events
 * of a load must make it: an empty list when each was scored exactly once.
 */
export const countedWrong = async (
  project: Project,
  events: number,
  position: number,
): Promise<{ readonly leads: number; readonly wrong: readonly string[] }> => {
  const expected = expectedOf(events);
  const missing = new Set(expected.keys());
  const wrong: string[] = [];
  let leads = 0;
  for await (const page of project.pages('/api/leads?limit=200', lead, position)) {
    leads += page.length;
    await inParallel(8, page, async (each) => {
      const [visitor = ''] = each.identifiers.map(({ value }) => value);
      const known = expected.get(visitor);
      const first = missing.delete(visitor);
      const found =
        known && first
          ? wrongIn(each, await timelineOf(project, each.leadId, position), known)
          : [known ? 'is another lead of the same visitor' : 'is of nobody who was sent'];
      wrong.push(...found.map((what) => `lead ${each.leadId} of ${visitor}: ${what}`));
    });
  }
  wrong.push(...[...missing].map((visitor) => `there is no lead of ${visitor}`));
  return { leads, wrong };
};
