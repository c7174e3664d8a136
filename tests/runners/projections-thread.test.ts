import { expect, it } from 'vitest';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { runProjectionsInThread } from '../../src/runners/projections-thread.ts';
import { parseConfig } from '../../src/config/config.ts';

it('What fails in the thread that projects fails as what it is: who waits learns what is away', async () => {
  const { eventStore, readModels } = parseConfig({});
  const entry = new URL('../support/failing-thread.ts', import.meta.url);
  const deaths: unknown[] = [];
  const troubles = { onDeath: (error: unknown) => void deaths.push(error), onLostTail: () => undefined };
  const projections = await runProjectionsInThread({ entry, eventStore, readModels }, troubles);
  await expect(projections.reached(0)).rejects.toThrow(new StoreUnavailable('The log is away'));
  await expect(projections.reached(1)).rejects.toThrow(new ReadModelsUnavailable('It was stopped'));
  const bug = await projections.reached(2).catch((error: unknown) => error);
  expect(bug).toEqual(new Error('A bug'));
  expect(bug).not.toBeInstanceOf(ReadModelsUnavailable);
  await projections.stop();
  await expect(projections.reached(0)).rejects.toThrow(ReadModelsUnavailable);
  expect(deaths).toEqual([]);
});
