import { ReadModelsUnavailable } from '../read-models.ts';

type Waiting = {
  readonly write: () => void;
  readonly done: () => void;
  readonly fail: (reason: unknown) => void;
};

/**
 * Puts what is to be written in one turn of the event loop into one transaction: projections that are on one beat save in the
 * same turn. `transaction` runs what it is given in one, or rejects and nothing of it was written. If one of them can't be
 * written, the others must not suffer for it: then each has a transaction of its own.
 */
export const groupCommits = (
  transaction: (write: () => void) => Promise<void>,
): ((write: () => void) => Promise<void>) => {
  let waiting: Waiting[] = [];

  const alone = async ({ write, done, fail }: Waiting): Promise<void> => transaction(write).then(done, fail);

  const commit = async (): Promise<void> => {
    const group = waiting;
    waiting = [];
    try {
      await transaction(() => {
        for (const { write } of group) write();
      });
      for (const { done } of group) done();
    } catch (error) {
      if (group.length === 1 || error instanceof ReadModelsUnavailable) for (const { fail } of group) fail(error);
      else for (const each of group) await alone(each);
    }
  };

  return (write) =>
    new Promise((done, fail) => {
      waiting.push({ write, done, fail });
      if (waiting.length === 1) setImmediate(() => void commit());
    });
};
