import type { FastifyRequest } from 'fastify';
import { binaryEvent } from './binary-event.ts';

export const contentType = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

export const structured = 'application/cloudevents+json';
export const batched = 'application/cloudevents-batch+json';

/** The event of a request in one of the modes of CloudEvents that carry one event; undefined for our own format. */
export const cloudEventOf = (request: FastifyRequest): unknown =>
  contentType(request) === structured ? (request.body ?? null) : binaryEvent(request.headers, request.body);

export const isCloudEvent = (request: FastifyRequest): boolean =>
  contentType(request) === batched || cloudEventOf(request) !== undefined;

/** By which way a request came in: what each may send, and who sends it, differ. */
export const wayOf = (request: FastifyRequest): 'rest' | 'batch' | 'segment' | 'cloudevents' | 'webhook' => {
  const { url = '' } = request.routeOptions;
  if (url.startsWith('/webhooks/')) return 'webhook';
  if (url.startsWith('/v1/')) return 'segment';
  if (url === '/api/events/batch') return 'batch';
  return url === '/api/events' && isCloudEvent(request) ? 'cloudevents' : 'rest';
};
