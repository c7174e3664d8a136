import { describe, expect, it } from 'vitest';
import { openTroubles } from '../../src/telemetry/troubles.ts';

const wording = { begins: 'begins', lasts: 'lasts', ends: 'ends' };

/** Troubles in a time that goes on only when the test says so, and the lines that tell of them. */
const told = () => {
  const time = { now: 0 };
  const lines: object[] = [];
  const troubles = openTroubles(
    (details, message) => lines.push({ ...details, message }),
    () => time.now,
  );
  return { time, lines, troubles };
};

describe('A trouble', () => {
  it('is a line when it begins, one a minute while it lasts, and one with its seconds when it is over', () => {
    const { time, lines, troubles } = told();
    for (; time.now < 150_000; time.now += 10) troubles.note('store', wording, { error: 'away' });
    troubles.end('store');
    troubles.end('store');
    expect(lines).toEqual([
      { error: 'away', message: 'begins' },
      { error: 'away', message: 'lasts', seconds: 60 },
      { error: 'away', message: 'lasts', seconds: 120 },
      { message: 'ends', seconds: 150 },
    ]);
  });

  it('is told of beside others, and anew when it comes back', () => {
    const { time, lines, troubles } = told();
    troubles.note('one', wording, { n: 1 });
    troubles.note('other', wording, { n: 2 });
    time.now = 5_000;
    troubles.end('one');
    troubles.note('one', wording, { n: 3 });
    expect(lines).toEqual([
      { n: 1, message: 'begins' },
      { n: 2, message: 'begins' },
      { n: 1, message: 'ends', seconds: 5 },
      { n: 3, message: 'begins' },
    ]);
  });

  it('that nobody sees the end of is over when a minute went by without it', () => {
    const { time, lines, troubles } = told();
    for (; time.now <= 10_000; time.now += 1_000) {
      troubles.noteOccurrence('work', wording, { error: 'no' });
      troubles.note('store', wording, { error: 'away' });
    }
    time.now = 69_999;
    troubles.expire();
    expect(lines).toHaveLength(2);
    time.now = 70_000;
    troubles.expire();
    expect(lines.slice(2)).toEqual([{ message: 'ends', times: 11, seconds: 10 }]);
  });
});
