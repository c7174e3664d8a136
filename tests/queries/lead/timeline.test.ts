import { expect, it } from 'vitest';
import { openTestApp } from '../../support/app.ts';
import type { Json } from '../../support/client.ts';

/** More activities than facts are looked through at first. */
const many = 40;

it('An activity that changed nothing is shown with the score that was recorded before it, however long ago', async () => {
  await using app = await openTestApp();
  const project = await app.project();
  const did = [
    ...['idled', 'idled', 'signup', ...Array.from({ length: many }, () => 'idled')],
    ...['page_view', ...Array.from({ length: many }, () => 'idled')],
  ];
  let leadId = '';
  for (const [second, eventType] of did.entries()) {
    const timestamp = new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
    ({ leadId } = (await project.send({ eventType, anonymousId: 'ada', timestamp })).body);
  }
  await app.settled();
  const { data } = await project.get(`/api/leads/${leadId}/timeline?limit=200`);
  const scores = data.map(({ score }: Json) => score);
  const [signedUp, viewed] = [scores[2], scores[3 + many]];
  expect(new Set(scores).size).toBe(3);
  expect(scores).toEqual([
    ...[0, 0, signedUp, ...Array.from({ length: many }, () => signedUp)],
    ...[viewed, ...Array.from({ length: many }, () => viewed)],
  ]);
});

it('A long lead is looked through in its turn, back to its first fact when nothing was ever scored before', async () => {
  await using app = await openTestApp();
  const project = await app.project();
  const at = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();
  for (let begun = 0; begun < 2_500; begun += 500) {
    const idle = (n: number) => ({ eventType: 'idled', anonymousId: 'ada', timestamp: at(begun + n) });
    await project.batch(Array.from({ length: 500 }, (_, n) => idle(n)));
  }
  const { leadId } = (await project.send({ eventType: 'signup', anonymousId: 'ada', timestamp: at(2_500) })).body;
  await app.settled();
  const { data } = await project.get(`/api/leads/${leadId}/timeline?limit=20&order=desc`);
  const [signedUp, ...before] = data.map(({ score }: Json) => score);
  expect(signedUp).toBeGreaterThan(0);
  expect(before).toEqual(Array.from({ length: 19 }, () => 0));
});
