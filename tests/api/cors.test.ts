import { expect, test } from 'vitest';
import { boot } from './support.ts';

test('a page of another origin may send an event with its key, and read where it was recorded', async () => {
  await using booted = await boot();
  const preflight = await booted.app.inject({
    ...{ method: 'OPTIONS', url: '/api/events/ingest' },
    headers: {
      origin: 'https://shop.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });
  expect(preflight.statusCode).toBe(204);
  expect(preflight.headers['access-control-allow-origin']).toBe('*');
  expect(preflight.headers['access-control-allow-headers']).toContain('authorization');

  const refused = await booted.app.inject({
    ...{ method: 'POST', url: '/api/events/ingest', payload: {} },
    headers: { origin: 'https://shop.example' },
  });
  expect(refused.statusCode).toBe(401);
  expect(refused.headers['access-control-allow-origin']).toBe('*');
  expect(refused.headers['access-control-expose-headers']).toContain('Leadfold-Position');
});
