import type { AnyDeadline } from './deadline.ts';
import { dropSettledRejects, makeRoomForRejects } from './drop-rejects.ts';
import { endClaims } from './end-claims.ts';
import { forgetDeliveries } from './forget-deliveries.ts';
import { mindReplies } from './mind-replies.ts';
import { tryWaiting } from './try-waiting.ts';

/** All that is due at a time, each once. */
export const deadlines: readonly AnyDeadline[] = [
  mindReplies,
  endClaims,
  tryWaiting,
  dropSettledRejects,
  makeRoomForRejects,
  forgetDeliveries,
];
