import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { registerAddress } from '../src/commands/people/register-address.ts';
import { verifyAddress } from '../src/commands/people/verify-address.ts';
import { parseConfig } from '../src/config/config.ts';
import { addressIdOf } from '../src/domain/people/address.ts';
import { eventShapes } from '../src/domain/events.ts';
import { unrepeatable } from '../src/engine/command.ts';
import { checked } from '../src/eventstore/checked.ts';
import { openEventStore } from '../src/eventstore/open.ts';
import { engineOf } from '../src/flows/engine.ts';
import { newIds } from '../src/new-id.ts';
import { openPasswords } from '../src/outside/passwords/hashing.ts';
import { credentialsIn } from '../src/outside/vault/credentials.ts';
import { openVault } from '../src/outside/vault/open.ts';
import { openPeople } from '../src/runners/open-people.ts';
import { wholeFrom } from './support/arguments.ts';
import type { Row } from './support/tool.ts';
import { runAlone } from './support/tool.ts';

/** How much the medians may differ, of the larger. */
const within = 0.05;

const password = 'correct horse battery staple';
const hour = 3_600_000;

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;

/** A process without a server: no other work is in its times, and no limit of tries. */
const opened = async (folder: string) => {
  const config = parseConfig({ DATA_DIR: folder });
  const newId = newIds();
  let ago = 0;
  const clock = (): Date => new Date(Date.now() - ago);
  const store = checked(await openEventStore(config.eventStore, clock), eventShapes);
  const vault = await openVault(config);
  const snapshots = {
    load: async () => undefined,
    forget: async () => undefined,
    offer: () => undefined,
    stop: () => undefined,
  };
  const engine = engineOf({ store, isAlone: true, snapshots, clock, newId, observe: (handle) => handle });
  const onError = (error: unknown): void => {
    throw error;
  };
  const people = openPeople({ engine, vault, settings: config.people, clock, newId, onError });
  const request = () => ({ commandId: unrepeatable(newId()), correlationId: newId() });
  const kept = await openPasswords().hash(password);
  return {
    people,
    /** Somebody who registered and verified their address two hours ago. */
    account: async (email: string): Promise<void> => {
      ago = 2 * hour;
      const addressId = addressIdOf(email);
      const [mailId, hash] = [newId(), randomBytes(32).toString('hex')];
      await credentialsIn(vault).keep('password', mailId, kept);
      await engine.handle(registerAddress, { addressId, email, personId: newId(), mailId, hash }, request());
      await engine.handle(verifyAddress, { addressId, hash }, request());
      ago = 0;
    },
    close: async () => {
      await store.close();
      await vault.close();
    },
  };
};

type Opened = Awaited<ReturnType<typeof opened>>;

/** How long something takes for so many who have an account and for as many who have none, one of each in turn, in ms. */
const compared = async (
  tries: number,
  ask: (email: string) => Promise<unknown>,
): Promise<readonly [known: number, unknown: number]> => {
  const times: Readonly<Record<'known' | 'unknown', number[]>> = { known: [], unknown: [] };
  for (let nth = 0; nth < tries; nth++) {
    // Whoever comes second may find something warm.
    const order = nth % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) {
      const begun = performance.now();
      await ask(`${kind}-${nth}@example.com`);
      times[kind].push(performance.now() - begun);
    }
  }
  return [median(times.known), median(times.unknown)];
};

const rowOf = (what: string, [known, unknown]: readonly [number, number], decides: boolean): Row => {
  const apart = Math.abs(known - unknown) / Math.max(known, unknown);
  return {
    what,
    found: `medians ${known.toFixed(2)} ms and ${unknown.toFixed(2)} ms, ${(apart * 100).toFixed(1)} % apart`,
    ...(decides && { must: `at most ${within * 100} %`, holds: apart <= within }),
  };
};

const measure = async ({ people, account }: Opened, tries: number, say: (line: string) => void) => {
  say(`making ${tries} accounts`);
  for (let nth = 0; nth < tries; nth++) await account(`known-${nth}@example.com`);
  const asking = { correlationId: 'alike' };
  const signIn = (email: string) => people.prove({ email, password: 'not the password' });
  const register = (email: string) => people.register({ email, password: 'a password that is good' }, asking);
  // What is loaded with the first is in nobody's times.
  await compared(3, (email) => signIn(`warm-${email}`));
  say(`signing in ${2 * tries} times`);
  const signingIn = await compared(tries, signIn);
  say(`registering ${2 * tries} times`);
  const registering = await compared(tries, register);
  // Of a few tries a median says little.
  const decides = tries >= 100;
  return [
    rowOf('a wrong password, with an account and without', signingIn, decides),
    rowOf('registering, with an account and without', registering, decides),
  ];
};

await runAlone({
  name: 'alike-test',
  about: 'Measures whether it takes as long to answer who has an account as who has none.',
  options: (script) => script.option('--tries <count>', 'how often each is tried', wholeFrom('tries', 1), 2_000),
  run: async ({ tries }, say) => {
    const folder = mkdtempSync(join(tmpdir(), 'leadfold-alike-'));
    const there = await opened(folder);
    try {
      return { rows: await measure(there, tries, say), more: { tries } };
    } finally {
      await there.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
