import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Place, ShareLimits } from '../../../src/api/ingest/share.ts';
import { sharing } from '../../../src/api/ingest/share.ts';

const limits: ShareLimits = {
  ofProject: { bodies: 2, bytes: 100 },
  ofAll: { bodies: 3, bytes: 150 },
  waiting: 300,
};

/** A share that tells who is in hand, in the order in which they came to it. */
const share = (given: ShareLimits = limits) => {
  const enter = sharing(given);
  const taken: string[] = [];
  const go = (project: string, bytes: number, name = project): Place | undefined => {
    const place = enter(project, bytes);
    if (place?.taken === true) taken.push(name);
    else void place?.taken.then((has) => has && taken.push(name));
    return place;
  };
  return { go, taken };
};

/** Lets those who were let in say so. */
const told = () => Promise.resolve().then(() => undefined);

it('What one project may have in hand is taken at once; the next of it waits, and others do not', async () => {
  const { go, taken } = share();
  const first = go('a', 10, 'a1');
  go('a', 10, 'a2');
  go('a', 10, 'a3');
  go('b', 10, 'b1');
  await told();
  expect(taken).toEqual(['a1', 'a2', 'b1']);
  first?.leave();
  await told();
  expect(taken).toEqual(['a1', 'a2', 'b1', 'a3']);
});

it('The bytes of a project in hand are bounded on the bound; what is larger than all room is let in alone', async () => {
  const { go, taken } = share();
  const first = go('a', 60, '60');
  go('a', 40, '40 more');
  expect(taken).toEqual(['60', '40 more']);
  first?.leave();
  const { go: enter, taken: others } = share();
  const before = enter('a', 60, '60');
  const large = enter('a', 500, 'large');
  expect(large).toBeUndefined();
  const over = enter('a', 41, '41 more');
  expect(others).toEqual(['60']);
  before?.leave();
  await told();
  expect(others).toEqual(['60', '41 more']);
  over?.leave();
  enter('a', 500, 'large');
  expect(others).toEqual(['60', '41 more', 'large']);
});

it('More than may wait of a project is refused: on the bound it is not', () => {
  const { go } = share();
  for (let n = 0; n < 2; n++) go('a', 10);
  expect(go('a', 299)).toBeDefined();
  expect(go('a', 1)).toBeDefined();
  expect(go('a', 1)).toBeUndefined();
  expect(go('b', 1)).toBeDefined();
});

it('Lines of projects take turns when there is room for all again', async () => {
  const { go, taken } = share({ ...limits, ofAll: { bodies: 1, bytes: 100 } });
  const places = [go('a', 1, 'a1'), go('a', 1, 'a2'), go('a', 1, 'a3'), go('b', 1, 'b1'), go('c', 1, 'c1')];
  for (const at of [0, 1, 3, 4]) {
    places[at]?.leave();
    await told();
  }
  expect(taken.slice(0, 4)).toEqual(['a1', 'a2', 'b1', 'c1']);
  expect(taken).toHaveLength(5);
});

it('Who leaves the line is told that it has no place, and holds nobody up', async () => {
  const { go, taken } = share();
  const [first, , waits] = [go('a', 10, 'a1'), go('a', 10, 'a2'), go('a', 10, 'a3')];
  go('a', 10, 'a4');
  waits?.leave();
  expect(await waits?.taken).toBe(false);
  first?.leave();
  first?.leave();
  await told();
  expect(taken).toEqual(['a1', 'a2', 'a4']);
});

it('Whoever comes and goes, no bound is passed, all who wait are let in at last, and nothing stays behind', async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ project: fc.constantFrom('a', 'b', 'c'), bytes: fc.integer({ min: 0, max: 120 }) }),
      fc.record({ leave: fc.nat() }),
    ),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const enter = sharing(limits);
      const inHand = new Map<Place, { readonly project: string; readonly bytes: number }>();
      const here: Place[] = [];
      const check = (): void => {
        const bodies = [...inHand.values()];
        const bytes = (some: typeof bodies) => some.reduce((sum, each) => sum + each.bytes, 0);
        expect(bodies.length <= limits.ofAll.bodies).toBe(true);
        expect(bodies.length === 1 || bytes(bodies) <= limits.ofAll.bytes).toBe(true);
        for (const own of Map.groupBy(bodies, ({ project }) => project).values())
          expect(own.length === 1 || (own.length <= 2 && bytes(own) <= limits.ofProject.bytes)).toBe(true);
      };
      const leave = (place: Place | undefined): void => {
        if (!place) return;
        here.splice(here.indexOf(place), 1);
        inHand.delete(place);
        place.leave();
      };
      for (const step of all) {
        if ('leave' in step) leave(here[step.leave % Math.max(1, here.length)]);
        else {
          const place = enter(step.project, step.bytes);
          if (!place) continue;
          here.push(place);
          if (place.taken === true) inHand.set(place, step);
          else void place.taken.then((has) => has && inHand.set(place, step));
        }
        await told();
        check();
      }
      while (inHand.size > 0) {
        leave([...inHand.keys()][0]);
        await told();
        check();
      }
      expect(here).toEqual([]);
      for (let n = 0; n < 3; n++) expect(enter(`new-${n}`, 50)?.taken).toBe(true);
    }),
  );
});
