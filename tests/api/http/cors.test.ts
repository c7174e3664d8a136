import { describe, expect, it } from 'vitest';
import type { Booted } from '../support.ts';
import { asRoot, boot } from '../support.ts';

const origin = 'https://shop.example';

const preflight = ({ app }: Booted, url: string) =>
  app.inject({
    method: 'OPTIONS',
    url,
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, content-type',
    },
  });

describe('A page of another origin', () => {
  it.each(['/api/events/ingest', '/api/events', '/api/events/batch', '/v1/t', '/v1/import', '//v1//batch/?x=1'])(
    'may send an event to %s with the cookies that a beacon sends along, and read where it was recorded',
    async (url) => {
      await using booted = await boot();
      const asked = await preflight(booted, url);
      expect(asked.statusCode).toBe(204);
      expect(asked.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': expect.stringContaining('authorization'),
        vary: expect.stringMatching(/origin/i),
      });

      const refused = await booted.app.inject({ method: 'POST', url, payload: {}, headers: { origin } });
      expect(refused.statusCode).toBe(401);
      expect(refused.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': expect.stringContaining('Leadfold-Position'),
        vary: expect.stringMatching(/origin/i),
      });
    },
  );

  it.each(['/api/projects', '/api/leads', '/api/events/nowhere', '/v1/projects/key/settings'])(
    'may ask %s with a key, and without cookies',
    async (url) => {
      await using booted = await boot();
      const answer = await booted.app.inject({ url, headers: { ...asRoot, origin } });
      for (const { headers } of [await preflight(booted, url), answer]) {
        expect(headers['access-control-allow-origin']).toBe('*');
        expect(headers).not.toHaveProperty('access-control-allow-credentials');
      }
    },
  );
});
