import { z } from 'zod';
import type { Arrival, Way } from './activity.ts';
import { wayNames } from './activity.ts';
import type { Project } from './projects.ts';

/** What became of one item, as the service says. */
export const resultShape = z.object({
  status: z.enum(['queued', 'duplicate', 'rejected', 'ignored']),
  leadId: z.string().optional(),
  conflict: z.boolean().optional(),
  warnings: z.array(z.object({ detail: z.string() })).optional(),
  error: z.object({ pointer: z.string(), detail: z.string() }).optional(),
});
export type Result = z.infer<typeof resultShape>;

/** What was sent, and what the service said to it. */
export type Tally = {
  readonly sent: () => number;
  readonly count: (status: Result['status']) => number;
  readonly conflicts: () => number;
  readonly by: (way: Way) => number;
  /** What was said of links that were refused, once each. */
  readonly refused: () => readonly string[];
  readonly rejected: () => readonly NonNullable<Result['error']>[];
  /** The ids of the leads that a visitor's activities were recorded on, as they were then. */
  readonly leadsOf: (visitor: number) => readonly string[];
  readonly position: (project: Project) => number;
  /** Notes what became of an item. */
  readonly note: (arrival: Arrival, result: Result) => void;
  /** Notes up to where a project's log is. */
  readonly reached: (project: Project, position: number) => void;
};

/** A tally of nothing yet; `each` is told of every item that is noted. */
export const openTally = (each: () => void): Tally => {
  const noted: { readonly arrival: Arrival; readonly result: Result }[] = [];
  const leads = new Map<number, Set<string>>();
  const positions = new Map<string, number>();
  const ways = new Map(wayNames.map((way) => [way, 0]));
  return {
    sent: () => noted.length,
    count: (status) => noted.filter(({ result }) => result.status === status).length,
    conflicts: () => noted.filter(({ result }) => result.conflict).length,
    by: (way) => ways.get(way) ?? 0,
    refused: () => [...new Set(noted.flatMap(({ result }) => result.warnings ?? []).map(({ detail }) => detail))],
    rejected: () => noted.flatMap(({ result }) => (result.error ? [result.error] : [])),
    leadsOf: (visitor) => [...(leads.get(visitor) ?? [])],
    position: ({ projectId }) => positions.get(projectId) ?? 0,
    note: (arrival, result) => {
      const { visitor } = arrival.activity;
      noted.push({ arrival, result });
      ways.set(arrival.way, (ways.get(arrival.way) ?? 0) + 1);
      if (result.leadId !== undefined) leads.set(visitor, (leads.get(visitor) ?? new Set()).add(result.leadId));
      each();
    },
    reached: ({ projectId }, position) =>
      void positions.set(projectId, Math.max(position, positions.get(projectId) ?? 0)),
  };
};
