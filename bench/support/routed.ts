import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Product } from './product.ts';

/** So many reps in so many teams, each with room for all that comes. */
export const [teams, repsEach] = [5, 20];
const capacity = 10_000;

/** Throws unless an answer is a good one. */
export const mustSucceed = async (asked: Promise<Response>): Promise<void> => {
  const answer = await asked;
  if (answer.ok) return void (await answer.arrayBuffer());
  throw new Error(`${answer.url} was answered ${answer.status}: ${await answer.text()}`);
};

/** Puts the reps on the roster of a project; the trait `segment` of a lead says which team gets it, by turns. */
export const hireReps = async ({ ask, adminKey }: Product, projectId: string): Promise<void> => {
  const path = `/api/projects/${projectId}`;
  const numbers = Array.from({ length: teams }, (_, team) => team);
  for (const team of numbers) {
    const teamId = `team-${team}`;
    await mustSucceed(ask('POST', `${path}/teams`, adminKey, { teamId, name: teamId }));
    for (let n = 0; n < repsEach; n++) {
      const repId = `rep-${team}-${n}`;
      await mustSucceed(ask('POST', `${path}/reps`, adminKey, { repId, name: repId, teamIds: [teamId], capacity }));
    }
  }
  const rules = numbers.map((team) => ({
    id: `segment-${team}`,
    to: { teams: [`team-${team}`] },
    strategy: 'round-robin',
    when: [{ field: 'profile.segment', op: 'eq', value: team }],
  }));
  await mustSucceed(ask('PUT', `${path}/routing-rules`, adminKey, { rules }));
};

/** What qualifies the nth lead at once. */
export const qualifyingEvent = (index: number) => ({
  eventType: 'contract_signed',
  userId: `user-${index}`,
  traits: { segment: index % teams },
});

/** What the nth lead does before, which does not qualify it. */
export const visitingEvent = (index: number) => ({ ...qualifyingEvent(index), eventType: 'page_view' });

/** Has so many leads qualify a second, or do something else, for so many seconds, whether or not those before are answered. */
export const sendPaced = async (
  product: Product,
  apiKey: string,
  { pace, lasting }: { readonly pace: number; readonly lasting: number },
  does: (index: number) => unknown = qualifyingEvent,
): Promise<void> => {
  const sent: Promise<void>[] = [];
  const start = performance.now();
  for (let index = 0; index < pace * lasting; index++) {
    const wait = start + (index * 1_000) / pace - performance.now();
    if (wait > 0) await sleep(wait);
    const answered = product.ask('POST', '/api/events/ingest', apiKey, does(index)).then(async (answer) => {
      if (answer.status !== 202) throw new Error(`An event was answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    });
    sent.push(answered);
  }
  await Promise.all(sent);
};

const times = z.object({ qualified: z.number(), assigned: z.number() });

/** When each lead qualified and was assigned, in ms since 1970, by the log of a product. */
export const assignmentsIn = (dataDir: string): readonly z.infer<typeof times>[] => {
  const db = new DatabaseSync(join(dataDir, 'events.db'), { readOnly: true });
  try {
    const sql = `SELECT assigned.recorded_at AS assigned, qualified.recorded_at AS qualified
      FROM events AS assigned JOIN events AS qualified ON qualified.stream = assigned.stream
      WHERE assigned.type = 'LeadAssigned' AND qualified.type = 'LeadQualified' ORDER BY assigned.position`;
    return z.array(times).parse(db.prepare(sql).all());
  } finally {
    db.close();
  }
};

const assigned = (dataDir: string): number => {
  const db = new DatabaseSync(join(dataDir, 'events.db'), { readOnly: true });
  try {
    const sql = `SELECT count(*) AS count FROM events WHERE type = 'LeadAssigned'`;
    return z.object({ count: z.number() }).parse(db.prepare(sql).get()).count;
  } finally {
    db.close();
  }
};

/** Resolves when so many leads are assigned. Throws when nothing happens for a while. */
export const untilAssigned = async (dataDir: string, count: number): Promise<void> => {
  let [before, idle] = [-1, 0];
  for (let now = assigned(dataDir); now < count; now = assigned(dataDir)) {
    idle = now === before ? idle + 1 : 0;
    if (idle > 60) throw new Error(`${now} of ${count} leads are assigned, and no more are`);
    before = now;
    await sleep(500);
  }
};

const fact = z.object({ stream: z.string(), type: z.string(), data: z.string(), metadata: z.string() });

/** The facts that routing recorded, in their order. */
export const routingFactsIn = (dataDir: string): readonly z.infer<typeof fact>[] => {
  const db = new DatabaseSync(join(dataDir, 'events.db'), { readOnly: true });
  try {
    const sql = `SELECT stream, type, data, metadata FROM events
      WHERE type IN ('LeadPlaced', 'LeadAssigned', 'ResponseDue') ORDER BY position`;
    return z.array(fact).parse(db.prepare(sql).all());
  } finally {
    db.close();
  }
};

/** Throws unless every lead was given to one rep once, and each rep of a team got as many as any other, or one more. */
export const mustBeFair = (dataDir: string, leads: number): void => {
  const placed = routingFactsIn(dataDir).filter(({ type }) => type === 'LeadPlaced');
  const reps = placed.map(({ data }) => z.object({ repId: z.string() }).parse(JSON.parse(data)).repId);
  const counts = [...Map.groupBy(reps, (repId) => repId).values()].map(({ length }) => length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (placed.length === leads && counts.length === teams * repsEach && most - least <= 1) return;
  throw new Error(
    `${leads} leads qualified, but ${placed.length} places were given to ${counts.length} reps, ${least} to ${most} to each`,
  );
};
