import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../http/app.ts';
import { bodyLimits } from '../http/body.ts';
import type { Admit } from './admission.ts';
import { Problem } from '../http/problems.ts';
import { withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';
import { batchAnswerOf } from './answer.ts';
import { documentedOnly, itemsAt, jsonTypes, takes } from './body.ts';
import type { Translated } from './item.ts';
import { faulty } from './item.ts';
import { isObject } from './json.ts';
import { kindOf } from '../http/words.ts';
import type { Delivery } from './record.ts';
import { deliveryOf, eachInTurn, record } from './record.ts';
import type { Sent } from './rejects.ts';
import {
  ofKeyedRequests,
  segmentAnswerSchema,
  segmentBatchSchema,
  segmentCallSchema,
  settingsSchema,
} from './schemas.ts';
import type { SegmentCall, Envelope } from './segment.ts';
import { fromSegment, isSegmentCall, segmentCalls, takenOver, withEnvelope } from './segment.ts';

const tags = ['Segment-compatible ingestion'];
const config = { permission: 'events:write', writeKeyInBody: true } as const;

/** What the items of a request come to, and how each of them is kept when it is refused. */
type Items = { readonly translated: readonly Translated[]; readonly sent: (index: number) => Sent };
type Read = (api: ApiContext, body: unknown, delivery: Delivery) => Promise<Items>;

/** What every item of a batch takes over from the envelope counts as if each had sent it. Throws a `Problem` when that is too much. */
const mustFit = (envelope: Envelope, items: number): void => {
  const bytes = Buffer.byteLength(JSON.stringify(envelope.context));
  if (items < 2 || items * bytes <= bodyLimits.bytes) return;
  const detail = `is ${bytes} bytes that each of ${items} items takes over; send a smaller context, or fewer items`;
  throw new Problem('too-large', `The /context ${detail}`, { errors: [{ pointer: '/context', detail }] });
};

const readBatch: Read = async (api, body, { arrivalOf, projectId }) => {
  const { body: around, items } = itemsAt(body, 'batch');
  const envelope = takenOver(around);
  mustFit(envelope, items.length);
  const translated = await eachInTurn(api, projectId, items, (item: unknown, index) => {
    const type = isObject(item) ? item['type'] : undefined;
    if (isSegmentCall(type)) return fromSegment(type, item, envelope, arrivalOf(index));
    return isObject(item)
      ? faulty('/type', `must be one of ${segmentCalls.join(', ')}`)
      : faulty('', `must be an object, is ${kindOf(item)}`);
  });
  return { translated, sent: (index) => ({ form: 'item', value: withEnvelope(items[index], envelope) }) };
};

const readCall =
  (call: SegmentCall): Read =>
  async (_api, body, { arrivalOf }) => {
    if (isObject(body))
      return {
        translated: [fromSegment(call, body, {}, arrivalOf(0))],
        sent: () => ({ form: 'item', value: { ...body, type: call } }),
      };
    const detail = `must be an object, is ${kindOf(body ?? undefined)}`;
    throw new Problem('invalid-request', `The body ${detail}`, { errors: [{ pointer: '', detail }] });
  };

const answering =
  (api: ApiContext, read: Read, pointerTo: (index: number) => string) =>
  async (request: FastifyRequest, reply: FastifyReply) => {
    const delivery = deliveryOf(api, request, 'segment');
    const { translated, sent } = await read(api, request.body, delivery);
    const { outcomes, position } = await record(api, delivery, translated, sent);
    const ignored = outcomes.filter((outcome) => 'ignored' in outcome).length;
    return withPosition(reply, position).send({
      success: true as const,
      ignored,
      ...batchAnswerOf(outcomes, pointerTo),
    });
  };

/** Segment's browser client takes https for granted where it isn't told otherwise. */
const isLoopback = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);

const settingsFor = (apiKey: string, host: string): z.infer<typeof settingsSchema> => ({
  integrations: { 'Segment.io': { apiKey, apiHost: `${host}/v1`, protocol: isLoopback(host) ? 'http' : 'https' } },
  plan: { track: { __default: { enabled: true, integrations: {} } } },
  analyticsNextEnabled: true,
  remotePlugins: [],
  metrics: { sampleRate: 0 },
});

/** The paths of a call: its name and its first letter. A batch may also be what Segment calls an import. */
const namesOf = (name: string): readonly string[] => [name, name.charAt(0), ...(name === 'batch' ? ['import'] : [])];

const postRoutes = (scope: App, api: ApiContext): void => {
  const post = (name: string, body: z.ZodType, handler: ReturnType<typeof answering>): void => {
    for (const each of namesOf(name)) {
      scope.route({
        method: 'POST',
        url: `/v1/${each}`,
        config: { ...config, batch: name === 'batch' },
        ...documentedOnly,
        schema: {
          summary: name === 'batch' ? 'What a Segment client sends, many at once' : `A Segment client's ${name} call`,
          description: `Also at /v1/${name.charAt(0)}. Answered with 200 even when an item is refused: look at the results. ${ofKeyedRequests}`,
          consumes: [...jsonTypes],
          tags,
          body,
          response: { 200: segmentAnswerSchema },
          // The names are enough in the documentation.
          hide: each.length === 1,
        },
        handler,
      });
    }
  };
  for (const call of segmentCalls) {
    post(
      call,
      segmentCallSchema,
      answering(api, readCall(call), () => ''),
    );
  }
  post(
    'batch',
    segmentBatchSchema,
    answering(api, readBatch, (index) => `/batch/${index}`),
  );
};

const settingsRoute = (scope: App): void => {
  scope.route({
    method: 'GET',
    url: '/v1/projects/:key/settings',
    config: { public: true },
    schema: {
      summary: "The settings that Segment's browser client asks for",
      tags,
      params: z.object({ key: z.string() }),
      response: { 200: settingsSchema },
    },
    handler: async (request, reply) => {
      const { key } = request.params;
      if (!(await scope.isKey(request, key)))
        throw new Problem('key-unknown', 'There is no project with this write key');
      return reply.header('Cache-Control', 'no-store').send(settingsFor(key, request.host));
    },
  });
};

/** The routes that unmodified Segment clients call. */
export const segmentRoutes = (scope: App, api: ApiContext, admit: Admit): void => {
  takes(scope, admit);
  postRoutes(scope, api);
  settingsRoute(scope);
};
