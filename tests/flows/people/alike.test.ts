import { expect, it } from 'vitest';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { People } from '../../../src/flows/people/people.ts';
import type { Counts } from '../../support/people.ts';
import { asking, peopleInMemory } from '../../support/people.ts';

const password = 'correct horse battery staple';
const [known, waiting, unknown] = ['ada@example.com', 'eve@example.com', 'nobody@example.com'];

/** What is there: somebody verified, and somebody who is not yet. */
const opened = async () => {
  const there = peopleInMemory();
  const people = there.process();
  await people.register({ email: known, password }, asking);
  await people.idle();
  await people.verify(await there.tokenOf('verification'), asking);
  await people.register({ email: waiting, password }, asking);
  await people.idle();
  await people.prove({ email: known, password });
  there.clock.forward(3_600_000);
  return there;
};

/** How often a process asks for what, to do something until it answers; it may have done something before. */
const costOf = async (
  there: Awaited<ReturnType<typeof opened>>,
  ask: (people: People) => Promise<unknown>,
  before: (people: People) => Promise<unknown> = async () => undefined,
): Promise<Counts> => {
  const { people, counts } = there.counted();
  await before(people);
  await people.idle();
  counts.reads = counts.appends = counts.gets = counts.puts = 0;
  await ask(people).catch((error: unknown) => {
    if (!(error instanceof Rejection)) throw error;
  });
  const until = { ...counts };
  await people.idle();
  expect(until).not.toEqual({ reads: 0, appends: 0, gets: 0, puts: 0 });
  return until;
};

const ways = [
  ['register', (people: People, email: string) => people.register({ email, password }, asking)],
  [
    'invite somebody',
    async (people: People, email: string) => {
      await people.personFor(email);
      await people.invite({ email, projectId: 'acme', commandId: email }, asking);
    },
  ],
  ['show a wrong password', (people: People, email: string) => people.prove({ email, password: 'a wrong one' })],
] as const;

it.each(ways)('To %s costs the same where whoever has an account was sent as many mails as may be', async (_, ask) => {
  const there = await opened();
  const forget = async (people: People, email: string): Promise<void> => {
    // What is made once in a process is made before.
    await Promise.all([people.personFor('else@example.com'), people.prove({ email: 'else@example.com', password })]);
    for (let asked = 0; asked < 3; asked++) people.forgotPassword(email, asking);
  };
  const costs: Counts[] = [];
  for (const email of [known, waiting, unknown])
    costs.push(
      await costOf(
        there,
        (people) => ask(people, email),
        (people) => forget(people, email),
      ),
    );
  expect(costs[1]).toEqual(costs[0]);
  expect(costs[2]).toEqual(costs[0]);
  await there.close();
});

it.each(ways)('To %s costs the same, whether there is such an account or not', async (_, ask) => {
  const there = await opened();
  const [first, second, third] = [
    await costOf(there, (people) => ask(people, known)),
    await costOf(there, (people) => ask(people, waiting)),
    await costOf(there, (people) => ask(people, unknown)),
  ];
  expect([second, third]).toEqual([first, first]);
  expect(first?.reads).toBeGreaterThan(0);
  expect(there.errors).toEqual([]);
  await there.close();
});

it('To ask for a mail costs nothing before it is answered', async () => {
  const there = await opened();
  for (const email of [known, waiting, unknown]) {
    const { people, counts } = there.counted();
    people.forgotPassword(email, asking);
    people.resendVerification(email, asking);
    expect(counts).toEqual({ reads: 0, appends: 0, gets: 0, puts: 0 });
    await people.idle();
    expect(counts.reads).toBeGreaterThan(0);
  }
  await there.close();
});

it('Who was sent as many mails as may be is answered as before, and sent no more', async () => {
  const there = await opened();
  const people = there.process();
  const before = (await there.facts()).filter((type) => type === 'MailRequested').length;
  for (let tries = 0; tries < 5; tries++) {
    people.forgotPassword(known, asking);
    await people.register({ email: known, password }, asking);
    await people.idle();
  }
  expect((await there.facts()).filter((type) => type === 'MailRequested').length - before).toBe(3);
  await there.close();
});

it('Nothing is recorded of an address that nobody has, but by who may register', async () => {
  const there = await opened();
  const people = there.process();
  const before = await there.facts();
  people.forgotPassword(unknown, asking);
  people.resendVerification(unknown, asking);
  await people.prove({ email: unknown, password });
  await people.idle();
  expect(await there.facts()).toEqual(before);
  await there.close();
});
