import { v5 } from 'uuid';
import { z } from 'zod';
import { jsonObject } from '../lead/activity.ts';

/** All that is told to endpoints, in the feed and in the stream. */
export const toldTypes = [
  'lead.captured',
  'lead.scored',
  'lead.stage_changed',
  'lead.qualified',
  'lead.merged',
  'lead.unmerged',
  'lead.assigned',
  'lead.accepted',
  'lead.routing_failed',
  'lead.response_overdue',
  'lead.closed',
  'lead.erased',
  'work_item.opened',
  'quota.reached',
] as const;
export const toldType = z.enum(toldTypes);
export type ToldType = z.infer<typeof toldType>;

/** What an endpoint is told to try it. Nobody can ask for it, and it is about no fact. */
export const testType = 'endpoint.test' as const;

/** What is told of so often that an endpoint has to name it. */
const onlyWhenNamed: ReadonlySet<ToldType> = new Set(['lead.captured', 'lead.scored']);

/** Whether an endpoint that names these types, or none, is told of one. */
export const wants = (types: readonly ToldType[] | undefined, type: ToldType): boolean =>
  types ? types.includes(type) : !onlyWhenNamed.has(type);

/**
 * What is told of a fact, the same to everybody who is told. `timestamp` is when it was recorded (ISO 8601); `sequence` is the
 * revision of the lead's stream, not there where it is about no lead; `position` is the fact's place in the log.
 */
export const toldSchema = z.object({
  id: z.uuid(),
  type: z.enum([...toldTypes, testType]),
  timestamp: z.iso.datetime(),
  sequence: z.number().int().min(0).optional(),
  position: z.number().int().min(0),
  data: jsonObject,
});
export type Told = Readonly<z.infer<typeof toldSchema>>;

/** The namespaces of these ids. Receivers tell by them what they had before, so they can never change. */
const [toldNamespace, deliveryNamespace] = [
  '3b0a7e1c-5d42-5f6e-9c18-7a4d2e9b6f05',
  'c6e1f4a9-82d7-5b30-a5f1-0d9c3b7e8a24',
] as const;

/** What is told of a fact is called that wherever and however often it is told. */
export const toldIdOf = (factId: string, type: Told['type']): string =>
  v5(JSON.stringify([factId, type]), toldNamespace);

/** An endpoint is told of it by one delivery, however often that is derived or asked for. */
export const deliveryIdOf = (endpointId: string, toldId: string): string =>
  v5(JSON.stringify([endpointId, toldId]), deliveryNamespace);
