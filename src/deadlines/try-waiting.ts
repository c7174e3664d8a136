import { flowIntent } from '../flows/intent.ts';
import { retryAllWaiting } from '../flows/route-lead.ts';
import { waiting } from '../projections/waiting.ts';
import { recurring } from './deadline.ts';

/** Tries the leads that wait again: time may have brought somebody's shift, or another day for what one may have in a day. */
export const tryWaiting = recurring({
  name: 'try-waiting',
  projection: waiting,
  field: 'projectId',
  every: 5_000,
  intent: ({ projectId }) => flowIntent(retryAllWaiting, { projectId }),
});
