import { expect, it } from 'vitest';
import { accountsOver } from '../support/accounts.ts';
import { openTestApp } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { dieRegistering } from '../support/dying-registration.ts';

const email = 'ada@example.com';

it.each([
  ['registering', 1, 'before'],
  ['registering', 1, 'after'],
  ['verifying', 1, 'before'],
  ['verifying', 1, 'after'],
  ['verifying', 2, 'before'],
  ['verifying', 2, 'after'],
] as const)(
  'An address can be used again after the process was killed while %s, at append %i, %s it',
  async (what, append, when) => {
    await using app = await openTestApp({ env: { SIGN_UP: 'open' } });
    const { register, token, post, login } = accountsOver(() => app);
    const registers = what === 'registering';
    if (!registers) await register(email, { name: 'Ada' });
    const its = registers ? {} : { token: await token(email) };
    await app.restart(async (dataDir) => {
      await dieRegistering({ dataDir, now: app.clock.now().toISOString(), email, append, when, ...its });
    });
    if (registers) {
      app.clock.forward(1);
      await register(email, { name: 'Ada' });
    }
    // The link that was sent works once more, whatever came of it.
    mustBe(await post('verify-email', { token: await token(email) }), 200);
    const { person } = await login(email);
    expect(person).toMatchObject({ email, name: 'Ada', verified: true });
    await app.settled();
    const facts = [];
    for await (const some of app.app().engine.states.pages(`person-${person.personId}`, -1))
      facts.push(...some.map(({ type }) => type));
    expect(facts).toEqual(['PersonAdded', 'PersonNamed']);
  },
);
