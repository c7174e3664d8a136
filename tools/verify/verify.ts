import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ask, bodyOf } from '../support/http.ts';
import type { Project } from '../support/project.ts';
import { newProject } from '../support/project.ts';
import { soundnessOf } from '../support/soundness.ts';
import type { Target } from '../support/target.ts';
import type { Row } from '../support/tool.ts';
import { toolOf } from '../support/tool.ts';

const receipt = z.object({ status: z.string(), eventId: z.string(), leadId: z.string(), position: z.int() });
const lead = z.object({ leadId: z.string(), score: z.number(), stage: z.string(), activities: z.int() });
const timeline = z.object({ data: z.array(z.object({ eventId: z.string(), score: z.number() })) });

/** What one check is, and what it says when it holds or doesn't. */
type Check = {
  readonly what: string;
  readonly must: string;
  readonly look: () => Promise<{ readonly found: string; readonly holds: boolean }>;
};

/** A check that can't be made has failed, and those after it are made all the same. */
const made = async ({ what, must, look }: Check): Promise<Row> => {
  try {
    return { what, must, ...(await look()) };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { what, must, found: why ?? '', holds: false };
  }
};

/** The checks in the order in which they are made: each goes on from what those before it sent. */
const checksOf = (target: Target, project: Project): readonly Check[] => {
  const anonymousId = `verify-${randomUUID()}`;
  const ids = { signup: `signup-${randomUUID()}`, view: `view-${randomUUID()}` };
  const seen = { leadId: '', position: 0 };
  const send = async (eventType: string, eventId: string) => {
    const answer = await project.request('/api/events/ingest', { body: { eventType, eventId, anonymousId } });
    const said = bodyOf(answer, 202, receipt);
    seen.leadId = said.leadId;
    seen.position = Math.max(seen.position, said.position);
    return said;
  };
  const leadNow = () => project.get(`/api/leads/lookup?anonymousId=${anonymousId}`, lead, seen.position);
  const scored = async (score: number, stage: string) => {
    const found = await leadNow();
    return { found: `${found.score}, ${found.stage}`, holds: found.score === score && found.stage === stage };
  };
  return [
    {
      what: 'health',
      must: '200 healthy',
      look: async () => {
        const { status, body } = await ask(`${target.url}/api/health`, { key: target.key });
        const said = z.object({ status: z.string() }).safeParse(body).data?.status ?? 'nothing';
        return { found: `${status} ${said}`, holds: status === 200 && said === 'healthy' };
      },
    },
    {
      what: 'ingest',
      must: '202 with its eventId',
      look: async () => {
        const { status, eventId } = await send('signup', ids.signup);
        return { found: `202 ${status}, ${eventId}`, holds: status === 'queued' && eventId === ids.signup };
      },
    },
    {
      what: 'lead of an anonymousId',
      must: 'created and processed',
      look: async () => {
        const { leadId, activities } = await leadNow();
        return { found: `${leadId}, ${activities} activity`, holds: leadId === seen.leadId && activities === 1 };
      },
    },
    { what: 'score after signup', must: '30, warm', look: () => scored(30, 'warm') },
    {
      what: 'score after page_view',
      must: '35, hot',
      look: async () => {
        await send('page_view', ids.view);
        return scored(35, 'hot');
      },
    },
    {
      what: 'integrity',
      must: 'no duplicates, orphans, negatives',
      look: async () => {
        const { status } = await send('signup', ids.signup);
        const { data } = await project.get(`/api/leads/${seen.leadId}/timeline`, timeline, seen.position);
        const { score } = await leadNow();
        const { invariants } = await soundnessOf(target, project.projectId);
        const violations = invariants.reduce((sum, each) => sum + each.violations, 0);
        const once = data.length === 2 && data[0]?.eventId === ids.signup && data[1]?.eventId === ids.view;
        return {
          found: `sent again: ${status}; ${data.length} in history; score ${score}; ${violations} violations`,
          holds: status === 'duplicate' && once && score === 35 && violations === 0,
        };
      },
    },
  ];
};

/** The tool as its command line runs it. */
export const verify = toolOf({
  name: 'verify',
  about: 'Sends two activities of a new visitor and checks that they are recorded, scored and shown as they must be.',
  options: (script) => script,
  run: async ({ target }) => {
    const project = await newProject(target, 'Verify');
    const rows: Row[] = [];
    for (const check of checksOf(target, project)) rows.push(await made(check));
    return { rows };
  },
});
