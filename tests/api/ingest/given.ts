import type { OutgoingHttpHeaders } from 'node:http';
import type { Activity } from '../../../src/domain/lead/activity.ts';
import { activitySchema } from '../../../src/domain/lead/activity.ts';
import type { Scope } from '../../../src/domain/projects/project.ts';
import type { Recorded } from '../../../src/eventstore/event-store.ts';
import type { Booted } from '../support.ts';
import { allFacts, boot, newKey, newProject } from '../support.ts';

type Answer = {
  readonly statusCode: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: ReturnType<typeof JSON.parse>;
};

/** What an answer says of one item of many. */
export type Result = {
  readonly status: string;
  readonly eventId: string | null;
  readonly error?: { readonly pointer: string; readonly detail: string };
};

export type Ingesting = Booted & {
  readonly projectId: string;
  readonly key: string;
  readonly post: (url: string, payload?: unknown, headers?: OutgoingHttpHeaders) => Promise<Answer>;
  readonly facts: () => Promise<readonly Recorded[]>;
  /** The activities that were recorded, in order. */
  readonly activities: () => Promise<readonly Activity[]>;
};

/** The real app with a project and a key of it; `post` sends values as JSON with it, and texts or bytes as they are, without the headers that are undefined. */
export const ingesting = async (scopes: readonly Scope[] = ['events:write']): Promise<Ingesting> => {
  const booted = await boot();
  const { projectId } = await newProject(booted);
  const { key } = await newKey(booted, projectId, scopes);
  const facts = () => allFacts(booted.store);
  return {
    ...booted,
    projectId,
    key,
    facts,
    post: async (url, payload, headers = {}) => {
      const raw = typeof payload === 'string' || Buffer.isBuffer(payload);
      const sent = raw || payload === undefined ? payload : JSON.stringify(payload);
      const all = { 'x-api-key': key, 'content-type': 'application/json', ...headers };
      const { statusCode, ...answer } = await booted.app.inject({
        method: 'POST',
        url,
        headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
        ...(sent !== undefined && { payload: sent }),
      });
      return { statusCode, headers: answer.headers, body: JSON.parse(answer.body) };
    },
    activities: async () =>
      (await facts()).filter(({ type }) => type === 'ActivityRecorded').map(({ data }) => activitySchema.parse(data)),
  };
};
