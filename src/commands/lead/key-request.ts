import { z } from 'zod';
import { keyedRequest, keyedRequestEvents } from '../../domain/lead/keyed-request.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/**
 * Keeps whom a request names that may come again, before anything of it is recorded. Refused when it named others before;
 * naming the same again changes nothing, so that a retry goes on.
 */
export const keyRequest = command(keyedRequest)({
  name: 'KeyRequest',
  input: keyedRequestEvents.RequestKeyed.extend({ projectId: z.string(), requestId: z.string() }),
  id: ({ projectId, requestId }) => `${projectId}.${requestId}`,
  decide: (state, { persons }) => {
    if (state.persons === persons) return [];
    if (state.persons === undefined) return [{ type: 'RequestKeyed', data: { persons } }];
    const detail = 'Other people were named with this Idempotency-Key before; send what was sent then, or another key';
    throw new Rejection('idempotency-key-reused', detail);
  },
});
