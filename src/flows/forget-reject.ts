import { reject, rejectStreamId } from '../domain/sources/reject.ts';
import { streamOf } from '../domain/streams.ts';
import type { Flow } from './intent.ts';

/** Forgets what was sent with a reject, which is in the facts before the one that settled it. */
export const forgetReject: Flow<{ readonly projectId: string; readonly rejectId: string; readonly before: number }> = (
  { truncate },
  { projectId, rejectId, before },
) => truncate(streamOf(reject.name, rejectStreamId(projectId, rejectId)), before);
