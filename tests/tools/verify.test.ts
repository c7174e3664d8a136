import { describe, expect, it } from 'vitest';
import { ended } from '../../tools/support/tool.ts';
import { verify } from '../../tools/verify/verify.ts';
import type { Tampering } from '../support/tool.ts';
import { openTampering, runTool, serverOfFile } from '../support/tool.ts';

const server = serverOfFile();

/** What of the checks fails through a server that tampers with what is said. */
const failing = async (tampering: Tampering) => {
  const tampered = await openTampering(server.url, tampering, server.dear);
  try {
    const { code, stdout } = await ended(verify, [`--url=${tampered.url}`, server.key, '--json']);
    const rows: { what: string; holds: boolean }[] = JSON.parse(stdout).rows;
    return { code, failed: rows.filter(({ holds }) => !holds).map(({ what }) => what) };
  } finally {
    await tampered.close();
  }
};

const afterScore = (score: number, change: (lead: object) => object): Tampering => ({
  after: ({ url = '' }, { body }) => {
    const lead = url.includes('/lookup') ? JSON.parse(body) : {};
    return lead.score === score ? JSON.stringify(change(lead)) : undefined;
  },
});

describe('npm run verify', () => {
  it('makes six checks on a server of its own', async () => {
    const { code, stdout } = await runTool('verify.ts', []);
    expect(code).toBe(0);
    expect(stdout).toMatch(/score after signup +30, warm +30, warm +ok\n +score after page_view +35, hot/);
    expect(stdout.match(/ ok$/gm)).toHaveLength(6);
  });

  it('passes as often as it is run on the same server', async () => {
    for (let times = 0; times < 2; times++) {
      server.dear.clear();
      expect(await failing({})).toEqual({ code: 0, failed: [] });
    }
  });

  const cases: readonly (readonly [string, Tampering, readonly string[]])[] = [
    [
      'the service is degraded',
      { before: ({ url }) => (url === '/api/health' ? { status: 503, body: '{"status":"degraded"}' } : undefined) },
      ['health'],
    ],
    [
      'the eventId is another one',
      {
        after: ({ url }, { body }) =>
          url === '/api/events/ingest' ? JSON.stringify({ ...JSON.parse(body), eventId: 'other' }) : undefined,
      },
      ['ingest'],
    ],
    ['a sign-up has other points', afterScore(30, (lead) => ({ ...lead, score: 31 })), ['score after signup']],
    ['the stage is wrong', afterScore(30, (lead) => ({ ...lead, stage: 'cold' })), ['score after signup']],
    [
      'a page view has other points',
      afterScore(35, (lead) => ({ ...lead, score: 40 })),
      ['score after page_view', 'integrity'],
    ],
    [
      'an activity is there twice',
      {
        after: ({ url = '' }, { body }) => {
          if (!url.includes('/timeline')) return undefined;
          const { data, ...rest } = JSON.parse(body);
          return JSON.stringify({ ...rest, data: [...data, data[0]] });
        },
      },
      ['integrity'],
    ],
    [
      'an invariant is violated',
      {
        after: ({ url }, { body }) =>
          url === '/api/admin/system-health' ? body.replace('"violations":0', '"violations":1') : undefined,
      },
      ['integrity'],
    ],
  ];
  it.each(cases)('fails when %s', async (_, tampering, failed) => {
    expect(await failing(tampering)).toEqual({ code: 1, failed });
  });

  it('fails when nothing can be recorded, and says so of each check', async () => {
    const before: Tampering['before'] = ({ url }) =>
      url === '/api/events/ingest' ? { status: 503, body: '{"code":"store-unavailable"}' } : undefined;
    const { code, failed } = await failing({ before });
    expect(code).toBe(1);
    expect(failed).toEqual(expect.arrayContaining(['ingest', 'score after page_view', 'integrity']));
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect(await ended(verify, ['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npm run verify'),
    });
    expect(await runTool('verify.ts', ['--quick'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Unknown option '--quick'"),
    });
  });
});
