import { expect, it } from 'vitest';
import { meanwhile, unhurt } from '../support/bystander.ts';
import { startServer } from '../support/server-process.ts';

it('measures what another client sees while nothing happens', async () => {
  await using server = await startServer();
  const other = await server.project('Other');
  const { seen } = await meanwhile(server.url(), other, async () => undefined);
  expect(seen.count).toBeGreaterThan(50);
  unhurt(seen);
});
