import { streamParts, streamsOf } from '../domain/streams.ts';
import { forgetReject } from '../flows/forget-reject.ts';
import { flowIntent } from '../flows/intent.ts';
import type { Fact, Reactor } from './reactor.ts';

type Settled = Fact<'RejectReplayed' | 'RejectDiscarded' | 'RejectDropped'>;

const forget = ({ stream, revision }: Settled) => {
  const parts = streamParts('reject', stream);
  if (!parts) return [];
  const { projectId, id: rejectId } = parts;
  return [flowIntent(forgetReject, { projectId, rejectId, before: revision })];
};

/** Forgets what was sent with a reject once nobody needs it any more. */
export const forgetRejects: Reactor = {
  name: 'forget-rejects',
  streams: [streamsOf('reject')],
  on: { RejectReplayed: forget, RejectDiscarded: forget, RejectDropped: forget },
};
