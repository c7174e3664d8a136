import type { Json, Project } from './client.ts';

/** Everything that a project's read models answer: all leads, each one's history, and the numbers. */
export type Answers = {
  readonly leads: readonly Json[];
  readonly one: readonly Json[];
  readonly timelines: readonly (readonly Json[])[];
  readonly dashboard: Json;
  readonly leaderboard: Json;
};

/** An answer without what tells how fresh it is. */
export const withoutAge = ({ asOf: _, ...answer }: Json): Json => answer;

/** Reads them all, page by page, in an order that does not change. */
export const answersOf = async (project: Project): Promise<Answers> => {
  const leads = await project.all('/api/leads?limit=200&sort=-score');
  const one: Json[] = [];
  const timelines: (readonly Json[])[] = [];
  for (const { leadId } of leads) {
    // What depends on the time of asking is left to the tests of scoring.
    const {
      velocity: _,
      trend: __,
      risk: ___,
      nextAction: ____,
      because: _____,
      ...lead
    } = await project.get(`/api/leads/${leadId}`);
    one.push(lead);
    timelines.push(await project.all(`/api/leads/${leadId}/timeline?limit=200`));
  }
  const [dashboard, leaderboard] = [
    withoutAge(await project.get('/api/analytics/dashboard')),
    withoutAge(await project.get('/api/leaderboard?limit=20')),
  ];
  return { leads, one, timelines, dashboard, leaderboard };
};

/** A small generator of whole numbers below a limit, the same ones for the same seed. */
export const numbersFrom = (seed: number): ((below: number) => number) => {
  const state = { at: seed };
  return (below) => {
    state.at = (Math.imul(state.at, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state.at / 2 ** 32) * below);
  };
};
