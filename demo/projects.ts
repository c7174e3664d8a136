import { z } from 'zod';
import { ask } from './http.ts';
import type { Server } from './server.ts';

/** A project that the demo made, with the key that sends events and the one that reads. `url` is the server's. */
export type Project = {
  readonly name: string;
  readonly projectId: string;
  readonly writeKey: string;
  readonly key: string;
  readonly url: string;
};

const onPage = (id: string, eventType: string, points: number, times: number) => ({
  id,
  when: { eventType },
  points,
  group: 'website',
  limit: { times, per: 'day' },
});

/** What Bloom Studio finds worth knowing; it shows limits, a cap and the fit of a person. */
const bloomModel = {
  engagement: [
    onPage('pages', 'page_view', 2, 4),
    onPage('prices', 'pricing_page_visit', 12, 1),
    { id: 'newsletter_read', when: { eventType: 'email_open' }, points: 3 },
    { id: 'newsletter_click', when: { eventType: 'email_click' }, points: 6 },
    { id: 'left_newsletter', when: { eventType: 'unsubscribe' }, points: -25 },
    { id: 'form', when: { eventType: 'form_submit' }, points: 15 },
    { id: 'guide', when: { eventType: 'download' }, points: 10 },
    { id: 'signup', when: { eventType: 'signup' }, points: 25 },
    { id: 'webinar', when: { eventType: 'webinar_attendance' }, points: 20 },
    { id: 'demo', when: { eventType: 'demo_request' }, points: 40 },
    { id: 'contract', when: { eventType: 'contract_signed' }, points: 100 },
  ],
  fit: [
    { id: 'team_of_10', when: { trait: 'teamSize', op: 'gte', value: 10 }, points: 15 },
    { id: 'decides', when: { trait: 'role', op: 'in', value: ['founder', 'marketing'] }, points: 10 },
  ],
  groups: { website: { cap: 30 } },
};

/** Makes a project. */
export const createProject = async ({ url, adminKey }: Server, name: string): Promise<Project> => {
  const made = z.object({ projectId: z.string(), apiKey: z.string(), writeKey: z.string() });
  const { body } = await ask({ url: `${url}/api/projects`, key: adminKey, body: JSON.stringify({ name }) }, made);
  return { name, projectId: body.projectId, writeKey: body.writeKey, key: body.apiKey, url };
};

/** Makes the two projects: one that scores by the model every project begins with, and one with a model of its own. */
export const createProjects = async (server: Server): Promise<readonly [Project, Project]> => {
  const [acme, bloom] = [await createProject(server, 'Acme Analytics'), await createProject(server, 'Bloom Studio')];
  const model = `${server.url}/api/projects/${bloom.projectId}/scoring-model`;
  const published = z.object({ version: z.int() });
  await ask({ url: model, method: 'PUT', key: server.adminKey, body: JSON.stringify(bloomModel) }, published);
  return [acme, bloom];
};
