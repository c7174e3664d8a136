import { v7 } from 'uuid';
import { parseConfig } from '../../src/config/config.ts';
import { address } from '../../src/domain/people/address.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { People } from '../../src/flows/people/people.ts';
import { openSqliteBoxes } from '../../src/outside/vault/sqlite/boxes.ts';
import type { Vault } from '../../src/outside/vault/vault.ts';
import { vaultOver } from '../../src/outside/vault/vault.ts';
import { openPeople } from '../../src/runners/open-people.ts';
import { testClock } from './app.ts';
import { allFacts, engineOver, openLog } from './engine.ts';

/** Who asks, in tests of flows. */
export const asking = { correlationId: 'test' };

/** How often something was asked of what a process has. */
export type Counts = { reads: number; appends: number; gets: number; puts: number };

/** A log and a vault, and processes over them, whose time a test owns. */
export const peopleInMemory = () => {
  const log = openLog();
  const boxes = openSqliteBoxes(':memory:');
  const vault = vaultOver(boxes, { current: Buffer.alloc(32, 'test') });
  const clock = testClock();
  const errors: unknown[] = [];

  const open = (store: EventStore, over: Vault): People =>
    openPeople({
      engine: engineOver(store, { clock: clock.now }),
      vault: over,
      settings: parseConfig({}).people,
      clock: clock.now,
      newId: v7,
      onError: (error) => void errors.push(error),
      monotonic: () => clock.now().getTime(),
    });

  /** The last token that was made for a mail of a kind: what would be mailed. */
  const tokenOf = async (kind: string): Promise<string> => {
    const asked = (await allFacts(log)).filter((fact) => fact.type === 'MailRequested');
    const ids = asked.map(({ data }) => data as { readonly mailId: string; readonly kind: string });
    const { mailId = '' } = ids.findLast((each) => each.kind === kind) ?? {};
    return (await vault.get(`people/mail/${mailId}`))?.value.toString() ?? '';
  };

  return {
    log,
    vault,
    clock,
    errors,
    tokenOf,
    /** A process over the log and the vault. */
    process: (store: EventStore = log) => open(store, vault),
    /** A process, and how often it asks for what. */
    counted: () => {
      const counts: Counts = { reads: 0, appends: 0, gets: 0, puts: 0 };
      const store: EventStore = {
        ...log,
        read: (...args) => ((counts.reads += 1), log.read(...args)),
        append: (...args) => ((counts.appends += 1), log.append(...args)),
      };
      const people = open(store, {
        ...vault,
        get: (...args) => ((counts.gets += 1), vault.get(...args)),
        put: (...args) => ((counts.puts += 1), vault.put(...args)),
      });
      return { people, counts };
    },
    facts: async (): Promise<readonly string[]> =>
      (await allFacts(log)).filter(({ stream }) => stream.startsWith(address.name)).map(({ type }) => type),
    /** The names of what the vault has. */
    kept: async (): Promise<readonly string[]> => boxes.namesNotOf('', '', 1_000),
    close: () => log.close(),
  };
};
