import { z } from 'zod';
import type { JsonObject } from '../domain/lead/activity.ts';
import { Rejection } from '../domain/rejection.ts';
import type { Request } from '../engine/handle.ts';
import { allProjects } from '../projections/projects.ts';
import { rejects } from '../projections/rejects.ts';
import type { JobHandler } from './job-handler.ts';

/** How many rejects one step tries. */
const aStep = 50;

/** Tries a reject again, and says what came of it. */
export type Replay = (
  reject: { readonly projectId: string; readonly rejectId: string },
  request: Request,
) => Promise<{ readonly status: 'queued' | 'duplicate' | 'rejected' }>;

/** The condition on a field that a job's details name a value for, if they do. */
const wanted = (details: JsonObject, field: 'sourceId' | 'code') => {
  const { [field]: value } = details;
  return typeof value === 'string' ? [{ field, op: 'eq', value } as const] : [];
};

/** The sort fields of the last one that was tried, and its id. */
const place = z.array(z.string());

/** Where a step begins, as the job's cursor has it. */
const afterIn = (cursor: string): { readonly after?: readonly string[] } => {
  if (cursor === '') return {};
  return { after: place.parse(JSON.parse(cursor)) };
};

/** Tries all open rejects of a project that fit once more, the oldest first. What can't be tried stays as it is. */
export const replayRejects = (replay: Replay): JobHandler => ({
  kind: 'replay-rejects',
  step: async ({ projectId, details, cursor, done, position }, { readModels, reached, request, signal }) => {
    await reached(position);
    const { docs } = await readModels.find(allProjects, rejects, {
      where: [
        { field: 'projectId', op: 'eq', value: projectId },
        { field: 'status', op: 'eq', value: 'open' },
        ...wanted(details, 'sourceId'),
        ...wanted(details, 'code'),
      ],
      sort: [{ field: 'receivedAt', direction: 'asc' }],
      limit: aStep,
      ...afterIn(cursor),
    });
    for (const { rejectId } of docs) {
      signal.throwIfAborted();
      try {
        await replay({ projectId, rejectId }, request);
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
      }
    }
    const last = docs.at(-1);
    const soFar = done + docs.length;
    return {
      cursor: last ? JSON.stringify([last.receivedAt, `${projectId}.${last.rejectId}`]) : cursor,
      done: soFar,
      total: soFar,
      complete: docs.length < aStep,
    };
  },
});
