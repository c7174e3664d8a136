import { expect, it } from 'vitest';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { withTimeout } from '../../src/runners/workers.ts';

it('Read models that are late are away for whoever waits: nothing is wrong with the fact or the job', async () => {
  const late = new Error('leads did not reach 7 in time');
  const reached = withTimeout((position) => (position < 7 ? Promise.resolve() : Promise.reject(late)));
  await reached(6);
  const refused = await reached(7).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ReadModelsUnavailable);
  expect(refused).toMatchObject({ message: 'The read models are not at 7 yet', cause: late });
});
