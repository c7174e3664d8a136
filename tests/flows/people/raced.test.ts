import { describe, expect, it } from 'vitest';
import type { People } from '../../../src/flows/people/people.ts';
import { addressIdOf } from '../../../src/domain/people/address.ts';
import { breaking } from '../../support/engine.ts';
import { asking, peopleInMemory } from '../../support/people.ts';

const email = 'ada@example.com';
const password = 'correct horse battery staple';

const opened = async () => {
  const there = peopleInMemory();
  const people = there.process();
  await people.register({ email, password }, asking);
  await people.idle();
  const { personId } = await people.verify(await there.tokenOf('verification'), asking);
  /** Signs in, in a process. */
  const signIn = async (at = people) => {
    const proved = await at.prove({ email, password });
    if (!proved) throw new Error('Ada can not sign in');
    return at.start({ personId, addressId: proved.addressId, epoch: proved.state.epoch }, asking);
  };
  return Object.assign(there, { people, personId, signIn });
};

const outcomes = (ended: readonly PromiseSettledResult<unknown>[]): readonly string[] =>
  ended.map((each) => (each.status === 'fulfilled' ? 'won' : String(each.reason.code))).toSorted();

describe('A refresh token that eight show at once', () => {
  it.each([1, 2, 8])('is good for one of them, and the session ends: %i processes', async (count) => {
    const there = await opened();
    const { accessToken, refreshToken } = await there.signIn();
    const processes = Array.from({ length: count }, () => there.process());
    const tries = Array.from({ length: 8 }, (_, index) => processes[index % count]!.refresh(refreshToken, asking));
    const ended = await Promise.allSettled(tries);
    expect(outcomes(ended)).toEqual([...Array.from({ length: 7 }, () => 'session-revoked'), 'won']);
    const won = ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    there.clock.forward(2_000);
    for (const each of processes) {
      expect(await each.sessionOf(accessToken)).toBeUndefined();
      expect(await each.sessionOf(won[0]?.accessToken ?? '')).toBeUndefined();
    }
    await expect(there.people.refresh(won[0]?.refreshToken ?? '', asking)).rejects.toMatchObject({
      code: 'session-revoked',
    });
    await there.close();
  });

  it('is good for nobody who made it up', async () => {
    const there = await opened();
    const { accessToken, refreshToken } = await there.signIn();
    const bytes = Buffer.from(refreshToken, 'base64url');
    const next = Buffer.from(bytes);
    next.writeUInt32BE(1, 16);
    for (const bad of [next.toString('base64url'), `${refreshToken}=`, refreshToken.slice(1), accessToken, ''])
      await expect(there.people.refresh(bad, asking)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(await there.people.sessionOf(accessToken)).toBeDefined();
    await there.close();
  });
});

describe('In every process, within two seconds', () => {
  const inOther = async (
    end: (there: Awaited<ReturnType<typeof opened>>, own: string, sessionId: string) => Promise<unknown>,
  ) => {
    const there = await opened();
    const other = there.process();
    const [own, elsewhere] = [await there.signIn(), await there.signIn(other)];
    const signed = await there.people.sessionOf(own.accessToken);
    for (const process of [there.people, other])
      for (const { accessToken } of [own, elsewhere]) expect(await process.sessionOf(accessToken)).toBeDefined();
    await end(there, own.accessToken, signed?.sessionId ?? '');
    const seen = async (process = there.people) => [
      (await process.sessionOf(own.accessToken)) !== undefined,
      (await process.sessionOf(elsewhere.accessToken)) !== undefined,
    ];
    const here = await seen();
    there.clock.forward(2_000);
    const after = await seen(other);
    await there.close();
    return { here, after };
  };

  it('a changed password ends all sessions but the one in which it was changed', async () => {
    const change = { addressId: addressIdOf(email), currentPassword: password, newPassword: 'a better password' };
    const ended = await inOther(({ people }, _, sessionId) => people.changePassword({ ...change, sessionId }, asking));
    expect(ended).toEqual({ here: [true, false], after: [true, false] });
  });

  it('a password that was forgotten and chosen anew ends all sessions', async () => {
    const ended = await inOther(async (there) => {
      there.people.forgotPassword(email, asking);
      await there.people.idle();
      await there.people.resetPassword(await there.tokenOf('reset'), 'a better password', asking);
    });
    expect(ended).toEqual({ here: [false, false], after: [false, false] });
  });

  it('signing out ends one session, and signing out everywhere all', async () => {
    const one = await inOther(({ people }, _, sessionId) => people.end(sessionId, asking));
    expect(one).toEqual({ here: [false, true], after: [false, true] });
    const all = await inOther(({ people }) => people.endAll(addressIdOf(email), asking));
    expect(all).toEqual({ here: [false, false], after: [false, false] });
  });

  it('nobody looks for each request, and a session that is known goes on while the store is away', async () => {
    const there = await opened();
    const { accessToken } = await there.signIn();
    const { people, counts } = there.counted();
    await people.sessionOf(accessToken);
    const { reads } = counts;
    for (let asked = 0; asked < 100; asked++) await people.sessionOf(accessToken);
    expect(counts.reads).toBe(reads);
    there.clock.forward(1_999);
    await people.sessionOf(accessToken);
    there.clock.forward(1);
    for (let asked = 0; asked < 100; asked++) await people.sessionOf(accessToken);
    expect(counts.reads - reads).toBeLessThanOrEqual(2 * reads);
    await there.close();
  });
});

it('A session that was refreshed for hours is not read from the beginning each time', async () => {
  const there = await opened();
  const { people, counts } = there.counted();
  const { refreshToken } = await there.signIn(people);
  let token = refreshToken;
  const costs: number[] = [];
  for (let times = 0; times < 2_100; times++) {
    const before = counts.reads;
    token = (await people.refresh(token, asking)).refreshToken;
    costs.push(counts.reads - before);
  }
  expect(Math.max(...costs.slice(1))).toBe(costs[1]);
  // Another process reads all of it once.
  const other = there.counted();
  for (let times = 0; times < 3; times++) {
    there.clock.forward(2_000);
    other.counts.reads = 0;
    token = (await other.people.refresh(token, asking)).refreshToken;
  }
  expect(other.counts.reads).toBe(costs[1]);
  await there.close();
});

describe('An address', () => {
  it('that two register at once is one person’s, whoever opens their mail first', async () => {
    const there = peopleInMemory();
    const [one, other] = [there.process(), there.process()];
    const both = ['the one password', 'the other password'];
    await Promise.all([
      one.register({ email, password: both[0]! }, asking),
      other.register({ email, password: both[1]! }, asking),
    ]);
    await Promise.all([one.idle(), other.idle()]);
    expect(await there.facts()).toEqual(['AddressTaken', 'MailRequested', 'MailRequested']);
    const { personId } = await other.verify(await there.tokenOf('verification'), asking);
    expect(await one.personOf(personId)).toMatchObject({ personId, email, verified: true });
    const right = await Promise.all(
      both.map(async (each) => (await one.prove({ email, password: each })) !== undefined),
    );
    expect(right.filter(Boolean)).toHaveLength(1);
    await there.close();
  });

  it('has one of eight resets by one token', async () => {
    const there = await opened();
    there.people.forgotPassword(email, asking);
    await there.people.idle();
    const token = await there.tokenOf('reset');
    const processes = [there.process(), there.process()];
    const ended = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        processes[index % 2]!.resetPassword(token, `the password number ${index}`, asking),
      ),
    );
    expect(outcomes(ended)).toEqual([...Array.from({ length: 7 }, () => 'token-invalid'), 'won']);
    const winner = ended.findIndex(({ status }) => status === 'fulfilled');
    for (let index = 0; index < 8; index++)
      expect((await there.people.prove({ email, password: `the password number ${index}` })) !== undefined).toBe(
        index === winner,
      );
    await there.close();
  });

  it.each([
    [1, 'before'],
    [1, 'after'],
    [2, 'before'],
    [2, 'after'],
    [3, 'before'],
    [3, 'after'],
  ] as const)('can be used again when the store goes away at append %i of a registration, %s it', async (nth, when) => {
    const there = peopleInMemory();
    const { store } = breaking(there.log, nth, when);
    const broken = there.process(store);
    const going = async (): Promise<void> => {
      await broken.register({ email, password }, asking);
      await broken.idle();
      await broken.verify(await there.tokenOf('verification'), asking);
    };
    await going().catch(() => undefined);
    const people = there.process();
    there.clock.forward(3_600_000);
    if ((await people.prove({ email, password }))?.state.verified !== true) {
      await people.register({ email, password }, asking);
      await people.idle();
      await people.verify(await there.tokenOf('verification'), asking);
    }
    expect((await people.prove({ email, password }))?.state.verified).toBe(true);
    await there.close();
  });
});

describe('An invitation', () => {
  const invite = async (people: People, commandId: string, projectId = 'acme') => {
    await people.invite({ email, projectId, commandId }, asking);
    await people.idle();
  };

  it('is to a person, who is one before they come, and is taken once', async () => {
    const there = peopleInMemory();
    const people = there.process();
    const personId = await people.personFor(email);
    expect(await people.personOf(personId)).toBeUndefined();
    await invite(people, 'one');
    expect(await people.personOf(personId)).toMatchObject({ email, verified: false });
    const token = await there.tokenOf('invitation');
    const accepting = { token, password, name: 'Ada' };
    const accepted = { personId, projectId: 'acme' };
    expect(await people.acceptInvitation(accepting, asking)).toMatchObject({ ...accepted, again: false });
    expect(await people.acceptInvitation({ ...accepting, password: 'another password' }, asking)).toMatchObject({
      ...accepted,
      again: true,
    });
    expect(await people.personOf(personId)).toMatchObject({ email, name: 'Ada', verified: true });
    expect(await people.prove({ email, password })).toBeDefined();
    expect(await people.prove({ email, password: 'another password' })).toBeUndefined();
    await there.close();
  });

  it('is to the same person as a registration of the same moment, in whatever process', async () => {
    const there = peopleInMemory();
    const [one, other] = [there.process(), there.process()];
    const [invited, again] = [await one.personFor(email), await other.personFor(email)];
    await other.register({ email, password }, asking);
    await other.idle();
    const { personId } = await other.verify(await there.tokenOf('verification'), asking);
    expect([again, personId]).toEqual([invited, invited]);
    expect(await one.personFor('bob@example.com')).not.toBe(invited);
    await there.close();
  });

  it('of one command is one mail, with the token of the first', async () => {
    const there = peopleInMemory();
    const people = there.process();
    await invite(people, 'one');
    const token = await there.tokenOf('invitation');
    await Promise.all([invite(people, 'one'), invite(there.process(), 'one')]);
    expect(await there.facts()).toEqual(['AddressTaken', 'MailRequested']);
    expect(await there.tokenOf('invitation')).toBe(token);
    await invite(people, 'two');
    expect(await there.facts()).toEqual(['AddressTaken', 'MailRequested', 'MailRequested']);
    await there.close();
  });

  it('does not let in the password of who registered with the address and never read its mails', async () => {
    const there = peopleInMemory();
    const people = there.process();
    await people.register({ email, password: 'the password of Eve', name: 'Eve' }, asking);
    await people.idle();
    const theirs = await there.tokenOf('verification');
    await invite(people, 'one');
    const { personId } = await people.acceptInvitation({ token: await there.tokenOf('invitation') }, asking);
    expect(await people.prove({ email, password: 'the password of Eve' })).toBeUndefined();
    await expect(people.verify(theirs, asking)).rejects.toMatchObject({ code: 'token-invalid' });
    expect(await people.personOf(personId)).toMatchObject({ name: undefined, verified: true });
    await there.close();
  });

  it('is no mail where the address had three in the hour', async () => {
    const there = peopleInMemory();
    const people = there.process();
    await invite(people, 'one');
    for (let asked = 0; asked < 2; asked++) people.forgotPassword(email, asking);
    await people.idle();
    for (const asked of ['two', 'three', 'four', 'five']) await invite(people, asked, asked);
    const asked = ['AddressTaken', 'MailRequested', 'MailRequested', 'MailRequested'];
    // Nor is it recorded more often than mails would be.
    expect(await there.facts()).toEqual([...asked, 'MailWithheld', 'MailWithheld']);
    there.clock.forward(3_600_000);
    await invite(people, 'six');
    expect((await there.facts()).slice(6)).toEqual(['MailRequested']);
    await there.close();
  });
});
