import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFacts } from '../../bench/support/stored-log.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { foldStates } from '../../src/engine/states.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import { openEventStore } from '../../src/eventstore/open.ts';
import { factsIn } from '../support/facts-in.ts';

const clock = () => new Date();

describe('a log that is written for a benchmark', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'leadfold-log-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const opened = async () => {
    const home = { scheme: 'sqlite', path: join(folder, 'events.db') } as const;
    await (await openEventStore(home, clock)).close();
    const db = new DatabaseSync(home.path);
    writeFacts(db, 'acme', { leads: 3, activities: 4 });
    writeFacts(db, 'acme', { first: 100, leads: 1, activities: 2 });
    db.close();
    return openEventStore(home, clock);
  };

  it('has the leads of its visitors with all of their activities', async () => {
    const store = await opened();
    const states = foldStates(store, 1e6);
    const of = async (visitor: string) => {
      const id = leadIdOf('acme', { kind: 'anonymousId', value: visitor });
      const { state, revision } = await states.get(lead, `acme.${id}`);
      return { status: state.status, activities: state.activities.size, revision };
    };
    expect(await of('visitor-0')).toEqual({ status: 'lead', activities: 4, revision: 4 });
    expect(await of('visitor-2')).toEqual({ status: 'lead', activities: 4, revision: 4 });
    expect(await of('visitor-100')).toEqual({ status: 'lead', activities: 2, revision: 2 });
    expect(await store.head()).toBe(18);
    await store.close();
  });

  it('has facts of the shapes that the product writes', async () => {
    const store = await opened();
    const facts = await factsIn(store, `lead-acme.${leadIdOf('acme', { kind: 'anonymousId', value: 'visitor-1' })}`);
    expect(facts.map(({ type }) => type)).toEqual(['LeadCaptured', ...Array<string>(4).fill('ActivityRecorded')]);
    for (const { type, data } of facts)
      expect(eventSchemas[type as 'LeadCaptured'].safeParse(data).error).toBeUndefined();
    await store.close();
  });
});
