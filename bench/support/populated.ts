import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordActivities } from '../../src/commands/lead/record-activities.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import { defaultModel } from '../../src/domain/scoring/default-model.ts';
import { groupsTo, openLogFile } from '../../src/eventstore/sqlite/log.ts';
import type { Append } from '../../src/eventstore/sqlite/log.ts';
import { newIds } from '../../src/new-id.ts';
import type { Lab } from './benchmark.ts';
import { startProduct } from './product.ts';
import { projected } from './projecting.ts';
import { untilQuiet } from './quiet.ts';
import { headOf } from './stored.ts';

/** A data folder of the product with a project that has had leads for a month. */
export type Populated = {
  readonly folder: string;
  readonly projectId: string;
  readonly apiKey: string;
  /** The position of the last fact, which is also how many there are. */
  readonly head: number;
};

/** The leads of a populated log; the first `busyLeads` of them came back `visits` times and did ten things each time. */
export const [leadCount, busyLeads, visits] = [100_000, 100, 10];

/** The id of the nth lead. */
export const leadIdAt = (projectId: string, index: number): string => leadIdOf(projectId, identifierAt(index));

const identifierAt = (index: number) => ({ kind: 'anonymousId', value: `visitor-${index}` }) as const;

/** What visitors do; the model gives no points for reading an article. */
const types: readonly string[] = ['page_view', 'article_read', 'signup', 'article_read', 'demo_request'];
/** In ms. */
export const month = 30 * 86_400_000;
const scoring = { version: 1, model: defaultModel };

const activityAt = (index: number, type: string, newId: () => string, time: string): Activity => ({
  eventId: newId(),
  eventType: type,
  source: 'api',
  occurredAt: time,
  receivedAt: time,
  sessionId: `session-${index}`,
  properties: { path: `/pricing/${index % 100}`, referrer: 'https://www.example.com/search', campaign: 'spring' },
  ...(index % 4 === 0 && { traits: { company: `Company ${index % 5_000}`, country: 'NL' } }),
});

/** A lead as it is after its facts; how many they are is the revision that its next ones begin at. */
type Known = { readonly state: LeadState; readonly facts: number };

/** Lets leads do things, each one or all of what `typesOf` says; of those that come back it remembers what they are. */
export const visiting = (
  projectId: string,
  newId: () => string,
  comesBack: (index: number) => boolean,
  typesOf: (index: number) => readonly string[] = () => types,
) => {
  const returning = new Map<number, Known>();

  /** What is recorded of a lead that does some things at a time, as the product would. */
  return (index: number, count: number, now: Date): Append => {
    const { state, facts } = returning.get(index) ?? { state: lead.initial, facts: 0 };
    const capture = identifierAt(index);
    const leadId = leadIdOf(projectId, capture);
    const kinds = typesOf(index);
    const activities = Array.from({ length: count }, (_, nth) => {
      const at = index + facts + nth;
      return activityAt(at, kinds[at % kinds.length] ?? 'page_view', newId, now.toISOString());
    });
    const input = { projectId, leadId, capture, identifiers: [capture], refused: [], activities, scoring };
    const events = recordActivities.decide(state, input, { now });
    if (comesBack(index))
      returning.set(index, { state: events.reduce(lead.evolve, state), facts: facts + events.length });
    const commandId = `once:${newId()}`;
    const metadata = JSON.stringify({
      commandId,
      correlationId: newId(),
      actor: 'key:bench',
      causationId: commandId,
      version: 1,
    });
    return {
      stream: `lead-${projectId}.${leadId}`,
      expected: facts - 1,
      lines: events.map(({ type, data }) => [newId(), type, JSON.stringify(data), metadata]),
    };
  };
};

const writeLeads = (path: string, projectId: string, begin: number): void => {
  const db = openLogFile(path, 1_000);
  // Nothing reads it before it is complete, and it can be made again.
  db.exec('PRAGMA synchronous = OFF');
  const write = groupsTo(db);
  const visit = visiting(projectId, newIds(), (index) => index < busyLeads);
  const [size, returnEvery] = [500, leadCount / (busyLeads * visits)];
  for (let first = 0; first < leadCount; first += size) {
    const now = new Date(begin + (first / leadCount) * month);
    const group = Array.from({ length: size }, (_, nth) => visit(first + nth, 1, now));
    for (let nth = 0; nth < size; nth += returnEvery)
      group.push(visit(((first + nth) / returnEvery) % busyLeads, 10, now));
    write(group, now.getTime());
  }
  db.close();
};

/** Lets the product do what follows from a log that was written for it, so that it has nothing left to do when it is measured. */
const followed = async (dataDir: string): Promise<void> => {
  const product = await startProduct({ dataDir });
  await untilQuiet(product);
  await product.stop();
};

/**
 * Makes a data folder whose log somebody writes, for a project and from a time on (ms since 1970), and brings what follows from
 * it, read models and routed leads, up to it.
 */
export const populate = async (
  folder: string,
  write: (path: string, projectId: string, begin: number) => void,
): Promise<void> => {
  const product = await startProduct({ dataDir: folder });
  const { projectId, apiKey } = await product.project();
  await product.stop();
  write(join(folder, 'events.db'), projectId, Date.now() - month);
  await projected({ log: join(folder, 'events.db'), documents: join(folder, 'read-models.db') });
  await followed(folder);
  writeFileSync(join(folder, 'populated.json'), JSON.stringify({ projectId, apiKey, head: headOf(folder) }));
};

/** The populated folder of this run of the benchmarks. Who writes to it copies it first. */
export const populatedFolder = async ({ prepared, say }: Lab): Promise<Populated> => {
  const folder = await prepared('populated', async (made) => {
    say(`preparing ${leadCount} leads`);
    await populate(made, writeLeads);
  });
  return { folder, ...(JSON.parse(readFileSync(join(folder, 'populated.json'), 'utf8')) as Omit<Populated, 'folder'>) };
};
