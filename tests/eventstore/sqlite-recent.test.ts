import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Batch, Filter } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import type { Append } from '../../src/eventstore/sqlite/log.ts';
import { groupsTo, openLogFile } from '../../src/eventstore/sqlite/log.ts';
import { pagesOf } from '../../src/eventstore/sqlite/pages.ts';
import { recentOf } from '../../src/eventstore/sqlite/recent.ts';

/** `here`: written by the store itself, which then notes it; else by another process. */
const heading = fc.record({
  stream: fc.constantFrom('a-1', 'a-2', 'b-1'),
  type: fc.constantFrom('Usual', 'Rare'),
  here: fc.boolean(),
});
type Heading = { readonly stream: string; readonly type: string; readonly here: boolean };

const filters: readonly Filter[] = [
  {},
  { streams: ['a-'] },
  { streams: ['b-'], types: ['Rare'] },
  { types: ['Rare'] },
  { streams: [] },
  { types: ['Never'] },
];

/** A log that facts of these headings can be written to. */
const openHeadings = () => {
  const db = openLogFile(':memory:', 0);
  const recent = recentOf(db);
  const group = groupsTo(db);
  const revisions = new Map<string, number>();
  const write = (headings: readonly Heading[]): void => {
    for (const { stream, type, here } of headings) {
      const expected = revisions.get(stream) ?? -1;
      const append: Append = { stream, expected, lines: [[`${stream}/${expected + 1}`, type, '{}', '{}']] };
      const [position = 0] = group([append], 0);
      if (here) recent.note([{ ...append, position }], 0);
      else recent.expect();
      revisions.set(stream, expected + 1);
    }
  };
  return { db, recent, write };
};

it('Each who follows a log gets all it wants and nothing else, wherever it begins and however much comes at once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(heading, { maxLength: 12 }), { minLength: 1, maxLength: 8 }),
      fc.nat({ max: 6 }),
      fc.boolean(),
      (parts, lateAfter, flood) => {
        const { db, recent, write } = openHeadings();
        const pages = pagesOf(db, recent);
        const all = parts.flat();
        const seen = filters.map(() => ({ position: 0, events: [] as Batch['events'][number][] }));
        const followers = filters.map((filter) => pages.of(filter));
        parts.forEach((part, index) => {
          write(part);
          if (index < lateAfter) return;
          followers.forEach((page, which) => {
            const own = seen[which];
            if (!own) return;
            const written = parts.slice(0, index + 1).flat().length;
            for (let batch = page(own.position); batch.position > own.position; batch = page(own.position)) {
              expect(batch.position, 'no follower gets further than the log').toBeLessThanOrEqual(written);
              own.events.push(...batch.events);
              own.position = batch.position;
              expect(batch.last?.position).toBe(batch.position);
            }
          });
        });
        if (flood)
          write(
            Array.from({ length: 1_100 }, (_, index): Heading => ({
              stream: 'c-1',
              type: 'Usual',
              here: index % 3 === 0,
            })),
          );
        const end = all.length + (flood ? 1_100 : 0);
        filters.forEach((filter, which) => {
          const own = seen[which] ?? { position: 0, events: [] };
          for (let page = followers[which]; page && own.position < end;) {
            const batch = page(own.position);
            expect(batch.position, 'a follower that is behind gets further').toBeGreaterThan(own.position);
            own.events.push(...batch.events);
            own.position = batch.position;
          }
          const wanted = all.filter(wanting(filter)).map(({ stream, type }) => ({ stream, type }));
          const got = own.events.filter(({ stream }) => stream !== 'c-1').map(({ stream, type }) => ({ stream, type }));
          expect(got).toEqual(wanted);
        });
        db.close();
      },
    ),
    // To look for the smallest log that fails would take minutes: each try writes a flood.
    { numRuns: 60, endOnFailure: true },
  );
});
