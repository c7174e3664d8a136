import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { poll } from '../../src/runners/poll.ts';

/** Polls by a time of the test's own: `pass` ends the wait that it is in. */
const polling = (look: (woken: boolean) => unknown) => {
  const stopping = new AbortController();
  const [looks, waits, errors]: [boolean[], number[], unknown[]] = [[], [], []];
  let resume: () => void = () => undefined;
  const { wake, ended } = poll(
    async (woken) => {
      looks.push(woken);
      await look(woken);
    },
    {
      every: 250,
      signal: stopping.signal,
      onError: (error) => errors.push(error),
      sleep: (milliseconds, signal) =>
        new Promise((resolve) => {
          waits.push(milliseconds);
          resume = resolve;
          signal.addEventListener('abort', () => resolve());
          if (signal.aborted) resolve();
        }),
    },
  );
  return {
    looks,
    waits,
    errors,
    wake,
    pass: async () => {
      resume();
      await nextTurn();
    },
    abort: () => stopping.abort(),
    ended,
  };
};

describe('A poll', () => {
  it('looks at once, and again after each wait, until it is aborted', async () => {
    const { looks, waits, pass, abort, ended } = polling(() => undefined);
    await nextTurn();
    expect({ looks, waits }).toEqual({ looks: [true], waits: [250] });
    await pass();
    await pass();
    expect({ looks, waits }).toEqual({ looks: [true, false, false], waits: [250, 250, 250] });
    abort();
    await ended;
    expect(looks).toHaveLength(3);
  });

  it('goes on after a look that failed, and tells of it', async () => {
    const { looks, errors, pass, abort, ended } = polling((woken) => {
      if (woken) throw new Error('Away');
    });
    await nextTurn();
    await pass();
    expect({ looks, errors }).toEqual({ looks: [true, false], errors: [new Error('Away')] });
    abort();
    await ended;
  });

  it('that is woken looks at once, or right after the look that it is at', async () => {
    const look = Promise.withResolvers<void>();
    const { looks, waits, wake, abort, ended } = polling(() => (looks.length === 2 ? look.promise : undefined));
    await nextTurn();
    wake();
    await nextTurn();
    expect({ looks, waits }).toEqual({ looks: [true, true], waits: [250] });
    wake();
    look.resolve();
    await nextTurn();
    expect({ looks, waits }).toEqual({ looks: [true, true, true], waits: [250, 250] });
    abort();
    await ended;
  });

  it('tells nothing of a look that was cut off, and ends when that is over', async () => {
    const look = Promise.withResolvers<void>();
    const { looks, errors, abort, ended } = polling(() => look.promise);
    abort();
    look.reject(new Error('The store is closed'));
    await ended;
    expect({ looks, errors }).toEqual({ looks: [true], errors: [] });
  });
});
