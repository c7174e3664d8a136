import { bodyOf } from './big-bodies.ts';
import type { Call } from './client.ts';
import type { Operation } from './operations.ts';
import { pathOf } from './operations.ts';

/** How an operation is called: `POST /api/leads/{leadId}/close`. */
export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

const event = { eventType: 'page_view', userId: 'eve' };
const visit = { id: 'visit', when: { eventType: 'page_view' }, points: 5 };
const [name, reason] = ['Mine', 'Asked for'];

/** Bodies of which more is asked than their schemas say. */
const said = new Map<string, unknown>([
  ['POST /api/projects/{projectId}/keys', { name, scopes: ['leads:read'] }],
  ['PUT /api/projects/{projectId}/scoring-model', { engagement: [visit] }],
  ['POST /api/projects/{projectId}/teams', { teamId: 'mine', name }],
  ['PATCH /api/projects/{projectId}/teams/{teamId}', { name }],
  ['POST /api/projects/{projectId}/reps', { repId: 'mine', name }],
  ['PATCH /api/projects/{projectId}/reps/{repId}', { name }],
  ['PUT /api/projects/{projectId}/routing-rules', { rules: [], defaultTeam: 'sales' }],
  ['POST /api/projects/{projectId}/routing-rules/test', { last: 1 }],
  ['POST /api/projects/{projectId}/sources', { name, scheme: 'token' }],
  ['PATCH /api/projects/{projectId}/sources/{sourceId}', { name }],
  ['POST /api/projects/{projectId}/sources/{sourceId}/rotate', { overlapHours: 1 }],
  ['POST /api/projects/{projectId}/endpoints', { url: 'https://hooks.example.com/' }],
  ['PATCH /api/projects/{projectId}/endpoints/{endpointId}', { description: name }],
  ['POST /api/events/ingest', event],
  ['POST /api/events', event],
  ['POST /api/work-items/{workId}/escalate', { reason }],
  ['POST /api/auth/change-password', { currentPassword: 'none', newPassword: 'correct horse battery staple' }],
]);

/** Queries without which there is no answer. */
const asked = new Map([['GET /api/leads/lookup', '?userId=eve']]);

/** A valid request of an operation, made from its schemas, with these values for the parameters of its path. */
export const validRequest = (operation: Operation, values: ReadonlyMap<string, string>): Call => {
  const { method, body } = operation;
  const path = pathOf(operation, (parameter) => {
    const value = values.get(parameter);
    if (value === undefined) throw new Error(`Say what ${parameter} of ${nameOf(operation)} is`);
    return value;
  });
  const blow = { place: 'none', count: 1, keep: true, alike: false, filling: 'text' } as const;
  const made = said.get(nameOf(operation)) ?? (body && bodyOf(body, blow));
  return { method, path: path + (asked.get(nameOf(operation)) ?? ''), ...(made !== undefined && { body: made }) };
};
