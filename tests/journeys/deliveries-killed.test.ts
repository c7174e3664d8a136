import { describe, expect, it } from 'vitest';
import { killing } from '../../tools/kills/run.ts';
import { numbersFrom } from '../support/answers.ts';

describe('Processes that are killed while they record and tell', () => {
  const chanceFrom = (seed: number) => {
    const below = numbersFrom(seed);
    return () => below(2 ** 24) / 2 ** 24;
  };

  it('over files tell all of it: by one id, in order, never twice at once', async () => {
    const { faults, atOnce, told, hits } = await killing('files', 196, chanceFrom(11));
    expect([faults, atOnce]).toEqual([[], 0]);
    expect(told).toBeGreaterThan(196);
    // Kills hit what they are about: sending, and places between two things that have to be recorded. `npm run prove` kills 5,000.
    const { underWay, beforeOutcome, beforeProjected } = hits;
    for (const count of [underWay, beforeOutcome, beforeProjected]) expect(count).toBeGreaterThan(0);
  }, 600_000);

  it('over servers tell all of it: by one id, in order, twice at once only when a lease ran out', async () => {
    // What so few kills hit is chance.
    const { faults, atOnce, kills, told } = await killing('servers', 4, chanceFrom(12));
    expect(faults).toEqual([]);
    expect(atOnce).toBeLessThanOrEqual(kills);
    expect(told).toBeGreaterThan(0);
  }, 600_000);
});
