import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Aggregate, Event } from '../../src/domain/event.ts';
import type { CommandIndex } from '../../src/engine/command-index.ts';
import {
  bytesOfCommands,
  noCommands,
  packIndex,
  revisionsOf,
  unpackIndex,
  withCommand,
} from '../../src/engine/command-index.ts';
import type { Folded } from '../../src/engine/folded.ts';
import { asRecorded, empty, foresee, mayBeginAt, withRecorded } from '../../src/engine/folded.ts';
import type { NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import { revisionIndex } from '../../src/engine/revision-index.ts';
import { pairsIn } from '../support/command-pairs.ts';

const indexOf = (commandIds: readonly string[], begun: CommandIndex = noCommands): CommandIndex =>
  commandIds.reduce((index, commandId, revision) => withCommand(index, commandId, revision), begun);

const ids = (count: number): string[] => Array.from({ length: count }, (_, nth) => `c${nth}`);

describe('The commands of a stream', () => {
  it('begin where they were recorded, and are unknown up to there', () => {
    const index = indexOf(ids(1_000));
    for (const [revision, commandId] of ids(1_000).entries()) {
      expect(revisionsOf(index, commandId, 999)).toContain(revision);
      expect(revisionsOf(index, commandId, revision - 1)).not.toContain(revision);
    }
  });

  it('that nobody can send again take no room', () => {
    const index = indexOf(['once:a', 'once:b']);
    expect(index).toBe(noCommands);
    expect([revisionsOf(indexOf(['a', 'once:a']), 'once:a', 9), bytesOfCommands(index)]).toEqual([[], 0]);
  });

  it('of one stream are not those of another', () => {
    indexOf(['a']);
    expect(pairsIn(noCommands)).toEqual([]);
    expect(revisionsOf(indexOf(['b']), 'a', 9)).toEqual([]);
  });
});

describe('Commands that were written down', () => {
  it('are the same when they are read again, up to the revision of that', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 60 }), fc.nat({ max: 60 }), (all, upTo) => {
        const index = indexOf(all);
        const again = unpackIndex(packIndex(index, upTo));
        expect(pairsIn(again)).toEqual(pairsIn(index).filter(([revision]) => revision <= upTo));
        for (const commandId of all)
          expect(revisionsOf(again, commandId, 99)).toEqual(revisionsOf(index, commandId, upTo));
      }),
    );
  });

  it('are those of a process with another seed, and go on with it', () => {
    const there = indexOf(ids(100), { seed: 'other', revisions: revisionIndex() });
    const here = withCommand(unpackIndex(packIndex(there, 99)), 'new', 100);
    expect(here.seed).toBe('other');
    for (const [revision, commandId] of [...ids(100), 'new'].entries())
      expect(revisionsOf(here, commandId, 100)).toContain(revision);
  });

  it('are refused when they were damaged', () => {
    const packed = packIndex(indexOf(ids(9)), 8);
    const other = packed.pairs.startsWith('A') ? 'B' : 'A';
    expect(() => unpackIndex({ ...packed, pairs: `${other}${packed.pairs.slice(1)}` })).toThrow('damaged');
    expect(() => unpackIndex({ ...packed, pairs: packed.pairs.slice(0, -12) })).toThrow('damaged');
  });
});

type Counted = Event<'Counted', null>;
const counter: Aggregate<number, Counted> = {
  name: 'counter',
  initial: 0,
  weigh: () => 0,
  evolve: (count) => count + 1,
};

const factOf = (commandId: string): NewEvent<Counted> => ({
  id: randomUUID(),
  type: 'Counted',
  data: null,
  metadata: { commandId, correlationId: 'test', causationId: 'test' },
});

/** What may happen to a stream: facts of commands are recorded, or foreseen and not recorded, on the state before, or read from an older one. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('record' as const), facts: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), facts: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('read' as const), from: fc.nat({ max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), from: fc.nat({ max: 50 }) }) },
);

describe('States of one stream, which share its commands', () => {
  it('each know those that were recorded up to their revision, and none that never were, whatever happened to the others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (all) => {
        const [log, states]: [Recorded<Counted>[], Folded<number>[]] = [[], [empty(counter)]];
        const failed: string[] = [];
        const latest = (): Folded<number> => states.at(-1) ?? empty(counter);
        const read = async (before: Folded<number>, to = log.length) =>
          withRecorded(counter, before, [log.slice(before.revision + 1, to)]);
        for (const [nth, happened] of all.entries()) {
          const older = 'from' in happened ? (states[happened.from % states.length] ?? latest()) : latest();
          if (happened.kind === 'read') states.push(await read(older));
          // What was read gets lost, as it does when the next page can't be read.
          else if (happened.kind === 'cut') await read(older, log.length - 1);
          else {
            const facts = Array.from({ length: happened.facts }, () => factOf(`c${nth}`));
            const current = latest().revision === log.length - 1 ? latest() : await read(latest());
            const foreseen = foresee(counter, current, facts);
            if (happened.kind === 'fail') failed.push(`c${nth}`);
            else {
              for (const fact of facts) {
                const [revision, position] = [log.length, log.length + 1];
                log.push({ ...fact, stream: 'counter-1', revision, position, recordedAt: new Date(0) });
              }
              states.push(asRecorded(foreseen, facts, log.length));
            }
          }
        }
        for (const folded of states) {
          const first = new Map<string, number>();
          for (const { metadata, revision } of log.slice(0, folded.revision + 1))
            if (!first.has(metadata.commandId)) first.set(metadata.commandId, revision);
          for (const nth of all.keys()) {
            const [begin, known] = [first.get(`c${nth}`), mayBeginAt(folded, `c${nth}`)];
            expect(known[0]).toBe(begin);
            expect(known.every((revision) => log[revision]?.metadata.commandId === `c${nth}`)).toBe(true);
          }
          for (const commandId of failed) expect(mayBeginAt(folded, commandId)).toEqual([]);
          expect(folded.state).toBe(folded.revision + 1);
        }
      }),
      { numRuns: 200 },
    );
  });
});
