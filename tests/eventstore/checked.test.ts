import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { checked, type Shapes } from '../../src/eventstore/checked.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { fact, followUntil, numbers, take } from '../contracts/event-store.ts';
import { factsIn } from '../support/facts-in.ts';

const counted = { schema: z.object({ n: z.number().int() }), upcasts: [] };
/** Version 1 had `title`, version 2 `name`, version 3 has `name` in parts. */
const named = {
  schema: z.object({ names: z.array(z.string().min(1)) }),
  upcasts: [
    (data: unknown) => ({ name: z.object({ title: z.string() }).parse(data).title }),
    (data: unknown) => ({ names: z.object({ name: z.string() }).parse(data).name.split(' ') }),
  ],
};
const shapes: Shapes = { Counted: counted, Named: named };

/** A store without checks, in which anything may have been written, and the same store with them. */
function stores() {
  const plain = openSqliteEventStore(':memory:', { clock: () => new Date(0) });
  onTestFinished(() => plain.close());
  return { plain, store: checked(plain, shapes) };
}

function old(data: unknown, version?: number) {
  const event = { ...fact(0, 'Named'), data };
  return version === undefined ? event : { ...event, metadata: { ...event.metadata, version } };
}

describe('A checked event store', () => {
  it('stamps each fact with the newest version of its shape', async () => {
    const { plain, store } = stores();
    await store.append('s-1', -1, [fact(1), old({ names: ['Ada'] })]);
    const written = await factsIn(plain, 's-1');
    expect(written.map(({ metadata }) => metadata.version)).toEqual([1, 3]);
    expect(written[0]?.metadata.commandId).toBe('c-1');
    expect(await factsIn(store, 's-1')).toEqual(written);
  });

  it('stores nothing when one of the facts does not fit its schema', async () => {
    const { plain, store } = stores();
    const wrong = { ...fact(2), data: { n: 'two' } };
    await expect(store.append('s-1', -1, [fact(1), wrong])).rejects.toThrow(/Counted for s-1 does not fit(.|\n)*at n/);
    expect(await plain.head()).toBe(0);
  });

  it.each(['Unheard', 'constructor', 'toString'])('stores nothing of a type without a shape: %s', async (type) => {
    const { plain, store } = stores();
    await expect(store.append('s-1', -1, [fact(1, type)])).rejects.toThrow(`type ${type} for s-1 has no shape`);
    expect(await plain.head()).toBe(0);
  });

  it('stores the data as it was decided, whatever the schema would make of it', async () => {
    const { plain, store } = stores();
    const more = { n: 1, unheard: true };
    await store.append('s-1', -1, [{ ...fact(1), data: more }]);
    expect((await factsIn(plain, 's-1'))[0]?.data).toEqual(more);
  });

  it('brings facts of every older version to the newest one, reading and following', async () => {
    const { plain, store } = stores();
    await plain.append('s-1', -1, [
      old({ title: 'Ada One' }),
      old({ title: 'Ada One' }, 1),
      old({ name: 'Ada Two' }, 2),
      old({ names: ['Ada', 'Three'] }, 3),
    ]);
    const events = await factsIn(store, 's-1');
    expect(events.map(({ data }) => data)).toEqual(
      ['One', 'One', 'Two', 'Three'].map((last) => ({ names: ['Ada', last] })),
    );
    expect(events.map(({ metadata }) => metadata.version)).toEqual([3, 3, 3, 3]);
    expect(await take(store, 0, 4)).toEqual(events);
    expect((await factsIn(store, 's-1', 2)).map(({ revision }) => revision)).toEqual([3]);
  });

  it('checks what an upcast made, and takes facts of the newest version as they are', async () => {
    const { plain, store } = stores();
    await plain.append('s-1', -1, [old({ names: [''] }, 3)]);
    await plain.append('s-2', -1, [old({ names: ['Ada'] }, 3), old({ name: '' }, 2)]);
    expect((await factsIn(store, 's-1'))[0]?.data).toEqual({ names: [''] });
    await expect(factsIn(store, 's-2')).rejects.toThrow(
      /Named at revision 1 of s-2, upcast from version 2, does not fit/,
    );
  });

  it.each([0, 4, 1.5])('refuses a fact of a version that it does not know: %d', async (version) => {
    const { plain, store } = stores();
    await plain.append('s-1', -1, [old({ names: ['Ada'] }, version)]);
    await expect(factsIn(store, 's-1')).rejects.toThrow(`Named at revision 0 of s-1 has version ${version}`);
    await expect(take(store, 0, 1)).rejects.toThrow(`has version ${version}`);
  });

  it('refuses to read a stream with a type that it does not know', async () => {
    const { plain, store } = stores();
    await plain.append('s-1', -1, [fact(1), fact(2, 'Foreign')]);
    await expect(factsIn(store, 's-1')).rejects.toThrow('Foreign at revision 1 of s-1');
  });

  it('passes over types that it does not know when following, and says how far it is', async () => {
    const { plain, store } = stores();
    await plain.append('s-1', -1, [fact(1), fact(2, 'Foreign'), fact(3), fact(4, 'Foreign')]);
    const batches = await followUntil(store, 0, (seen) => seen.at(-1)?.position === 4);
    expect(numbers(batches.flatMap(({ events }) => events))).toEqual([1, 3]);
  });

  it('follows with the filter and the signal that it is given', async () => {
    const { store } = stores();
    await store.append('a-1', -1, [fact(1)]);
    await store.append('b-1', -1, [fact(2)]);
    expect(numbers(await take(store, 0, 1, { streams: ['b-'] }))).toEqual([2]);
    expect(await store.head()).toBe(2);
  });
});
