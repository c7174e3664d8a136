import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadLimits } from '../../src/domain/lead/lead-limits.ts';
import { meanwhile, unhurt } from '../support/bystander.ts';
import type { Answer, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const opened: { server?: ServerProcess; other?: Project; greedy?: Project } = {};
beforeAll(async () => {
  opened.server = await startServer();
  opened.other = await opened.server.project('Other');
  opened.greedy = await opened.server.project('Greedy');
});
afterAll(() => opened.server?.[Symbol.asyncDispose]());

const running = () => {
  const { server, other, greedy } = opened;
  if (!server || !other || !greedy) throw new Error('The server starts before the first test');
  return { server, other, greedy };
};

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** Sends events of a project in batches of so many, one after the other. */
const sent = async (
  { batch }: Project,
  events: readonly object[],
  size: number,
): Promise<readonly Answer['body'][]> => {
  const results: Answer['body'][] = [];
  for (let begin = 0; begin < events.length; begin += size)
    results.push(...mustBe(await batch(events.slice(begin, begin + size)), 200).body.results);
  return results;
};

const long = 'x'.repeat(200);
const longDomain = `${range(3)
  .map(() => 'x'.repeat(60))
  .join('.')}.com`;

/** A lead with more identifiers and traits than one may have. */
const asLargeAsPossible = (person: string): readonly object[] => [
  ...range(leadLimits.identifiers / 2 + 40).map((n) => ({
    eventType: 'page_view',
    userId: person,
    anonymousId: `${person}-${n}-${long}`,
    ...(n < leadLimits.identifiers / 2 - 20 && { email: `${person}-${n}@${longDomain}` }),
  })),
  ...range(12).map((n) => ({
    eventType: 'identify',
    userId: person,
    traits: Object.fromEntries(range(100).map((k) => [`t${n}-${k}`, long])),
  })),
];

/** Leads of which each is merged into the one that is a little older, the youngest first. */
const mergedYoungestFirst = (count: number): readonly object[] => [
  ...range(count).map((n) => ({ eventType: 'page_view', anonymousId: `young-${n}` })),
  ...range(count - 1).map((n) => ({
    eventType: 'page_view',
    email: `m${n}@example.com`,
    anonymousId: `young-${count - 1 - n}`,
  })),
  ...range(count - 1).map((n) => ({
    eventType: 'page_view',
    email: `m${n}@example.com`,
    anonymousId: `young-${count - 2 - n}`,
  })),
];

const idBy = async (project: Project, query: string): Promise<string> =>
  (await project.get(`/api/leads/lookup?${query}`)).leadId;

describe('Another client is not hurt', () => {
  it('by a lead with the most identifiers and traits, which are then refused and left out, visibly', async () => {
    const { server, other, greedy } = running();
    const { result, seen } = await meanwhile(server.url(), other, () => sent(greedy, asLargeAsPossible('u1'), 300));
    unhurt(seen);
    const warned = (code: string) =>
      result.filter(({ warnings = [] }) => warnings.some((each: never) => each['code'] === code));
    expect(warned('link-refused').length).toBe(21);
    expect(warned('traits-left-out').length).toBeGreaterThan(8);
    expect(result.every(({ status }) => status === 'queued')).toBe(true);
    const { identifiers, profile } = await greedy.get(`/api/leads/${await idBy(greedy, 'userId=u1')}`);
    expect(identifiers.length).toBe(leadLimits.identifiers);
    expect(Object.keys(profile).length).toBeLessThanOrEqual(leadLimits.traits);
  });

  it('by many merges, the youngest lead first', async () => {
    const { server, other, greedy } = running();
    const { result, seen } = await meanwhile(server.url(), other, () => sent(greedy, mergedYoungestFirst(100), 50));
    unhurt(seen);
    expect(result.every(({ status }) => status === 'queued')).toBe(true);
  });

  it('by a long lead that is looked at as of then, explained and rebuilt, twenty times at once', async () => {
    const { server, other, greedy } = running();
    const many = range(1_000).map((n) => ({
      eventType: ['page_view', 'signup', 'download'][n % 3],
      userId: 'u1',
      eventId: `long-${n}`,
    }));
    await sent(greedy, many, 1_000);
    const leadId = await idBy(greedy, 'userId=u1');
    const then = new Date().toISOString();
    const { result, seen } = await meanwhile(server.url(), other, () =>
      Promise.all(
        range(5).flatMap(() => [
          greedy.read(`/api/leads/${leadId}?asOf=${then}`),
          greedy.read(`/api/leads/${leadId}?asOfOccurred=${then}`),
          greedy.read(`/api/leads/${leadId}/score`),
          greedy.asRoot('POST', `/api/admin/rebuild/${leadId}`),
        ]),
      ),
    );
    unhurt(seen);
    expect(result.map(({ status }) => status)).toEqual(range(20).map(() => 200));
  });

  it('by what is left of all that after a restart, also when the read models are made anew', async () => {
    const { server, other, greedy } = running();
    const before = await greedy.get(`/api/leads/${await idBy(greedy, 'userId=u1')}`);
    await server.kill();
    for (const file of readdirSync(server.dataDir).filter((name) => name.startsWith('read-models.db')))
      rmSync(join(server.dataDir, file));
    await server.start();
    await server.settled();
    expect((await server.root('GET', '/api/health')).status).toBe(200);
    const again = await greedy.get(`/api/leads/${before.leadId}`);
    expect({ identifiers: again.identifiers, profile: again.profile, score: again.score }).toEqual({
      identifiers: before.identifiers,
      profile: before.profile,
      score: before.score,
    });
    const { seen } = await meanwhile(server.url(), other, () => sent(greedy, asLargeAsPossible('u1').slice(-40), 20));
    unhurt(seen);
  });
});
