import { z } from 'zod';
import { ask } from './http.ts';
import type { Project } from './projects.ts';
import type { Server } from './server.ts';

const anything = z.looseObject({});

/** Every day the same hours, in UTC: whenever the demo is played, one of three is on shift. */
const shift = (from: string, to: string) => ({
  timeZone: 'UTC',
  week: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [{ from, to }]])),
});

const officeHours = {
  timeZone: 'America/New_York',
  week: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [{ from: '09:00', to: '17:00' }]])),
};

type Sales = {
  readonly teams: readonly { readonly teamId: string; readonly name: string }[];
  readonly reps: readonly object[];
  readonly rules: object;
  readonly policy?: object;
};

const acme: Sales = {
  teams: [
    { teamId: 'enterprise', name: 'Enterprise' },
    { teamId: 'growth', name: 'Growth' },
  ],
  reps: [
    { repId: 'ingrid', name: 'Ingrid', teamIds: ['enterprise'], capacity: 50, hours: shift('00:00', '08:00') },
    { repId: 'marco', name: 'Marco', teamIds: ['enterprise'], capacity: 50, hours: shift('08:00', '16:00') },
    { repId: 'yuki', name: 'Yuki', teamIds: ['enterprise'], capacity: 50, hours: shift('16:00', '24:00') },
    { repId: 'gwen', name: 'Gwen', teamIds: ['growth'], capacity: 50, weight: 2 },
    { repId: 'theo', name: 'Theo', teamIds: ['growth'], capacity: 50 },
    { repId: 'nell', name: 'Nell', teamIds: ['growth'], capacity: 50, hours: officeHours },
  ],
  rules: {
    rules: [
      {
        id: 'large',
        name: 'Large teams',
        to: { teams: ['enterprise'] },
        fallback: [],
        when: [{ field: 'profile.teamSize', op: 'gte', value: 20 }],
      },
    ],
    defaultTeam: 'growth',
  },
  policy: {
    enabled: true,
    firstResponseMinutes: 1,
    countedIn: 'always',
    atRiskPercent: 50,
    steps: [{ afterMinutes: 0, action: 'notify' }],
  },
};

/** One who has room for a few leads, and one who is away: some must wait. */
const bloom: Sales = {
  teams: [{ teamId: 'studio', name: 'Studio' }],
  reps: [
    { repId: 'bea', name: 'Bea', teamIds: ['studio'], capacity: 10 },
    { repId: 'otto', name: 'Otto', teamIds: ['studio'], status: 'away' },
  ],
  rules: { rules: [{ id: 'everybody', to: { teams: ['studio'] }, strategy: 'least-loaded' }] },
};

/** Puts the teams and reps of both projects on their rosters, with rules and, in the first, with a minute to reply. */
export const hireSales = async (
  { url, adminKey }: Server,
  [first, second]: readonly [Project, Project],
): Promise<void> => {
  for (const [{ projectId }, { teams, reps, rules, policy }] of [[first, acme] as const, [second, bloom] as const]) {
    const send = (method: string, path: string, body: object) =>
      ask(
        { method, url: `${url}/api/projects/${projectId}/${path}`, key: adminKey, body: JSON.stringify(body) },
        anything,
      );
    for (const team of teams) await send('POST', 'teams', team);
    for (const rep of reps) await send('POST', 'reps', rep);
    await send('PUT', 'routing-rules', rules);
    if (policy) await send('PUT', 'reply-policy', policy);
  }
};
