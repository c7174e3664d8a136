import type { TestApp } from './app.ts';
import type { Answer, Json, Project } from './client.ts';
import { mustBe } from './client.ts';

/** A project with a roster, as those who run it and those who are on it use it over HTTP. */
export const salesOf = async (app: TestApp, name?: string) => {
  const project: Project = await app.project(name);
  const path = `/api/projects/${project.projectId}`;
  const ask = (method: string, url: string, body?: unknown): Promise<Answer> =>
    project.asRoot(method, url, body === undefined ? {} : { body });
  const post = (url: string, body?: unknown): Promise<Answer> => ask('POST', url, body);

  const team = async (teamId: string, more: object = {}): Promise<void> =>
    void mustBe(await post(`${path}/teams`, { teamId, name: teamId, ...more }), 201);
  const rep = async (repId: string, more: object = {}): Promise<void> =>
    void mustBe(await post(`${path}/reps`, { repId, name: repId, teamIds: ['sales'], ...more }), 201);
  const change = async (repId: string, changes: object): Promise<void> =>
    void mustBe(await ask('PATCH', `${path}/reps/${repId}`, changes), 200);
  const publish = async (what: 'routing-rules' | 'reply-policy', body: object): Promise<number> =>
    mustBe(await ask('PUT', `${path}/${what}`, body), 200).body.version;

  /** Somebody signs, which qualifies at once. Resolves with the lead when all that follows is done. */
  const qualify = async (who: object, traits: object = {}): Promise<string> => {
    const sent = await project.send({ ...who, eventType: 'contract_signed', traits });
    await app.settled();
    return mustBe(sent, 202).body.leadId;
  };

  /** Does something with a lead, and waits for all that follows. */
  const act = async (leadId: string, verb: string, body: object = {}): Promise<Answer> => {
    const answer = await post(`/api/leads/${leadId}/${verb}`, body);
    await app.settled();
    return answer;
  };
  const routing = (leadId: string): Promise<Json> => project.get(`/api/leads/${leadId}/routing?limit=100`);
  /** What happened to a lead since it qualified. */
  const factsOf = async (leadId: string): Promise<readonly string[]> =>
    (await routing(leadId)).history
      .map(({ type }: Json) => type)
      .filter((type: string) => type !== 'LeadQualified')
      .toReversed();
  const work = (query = ''): Promise<readonly Json[]> => project.all(`/api/work-items?limit=100${query}`);

  /** Lets time pass, and what it brings happen. */
  const wait = async (minutes: number): Promise<void> => {
    app.clock.forward(minutes * 60_000);
    await app.settled();
  };
  return { project, path, ask, post, team, rep, change, publish, qualify, act, routing, factsOf, work, wait };
};
export type Sales = Awaited<ReturnType<typeof salesOf>>;
