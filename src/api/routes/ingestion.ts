import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { App } from '../http/app.ts';
import type { Admit } from '../ingest/admission.ts';
import { admission } from '../ingest/admission.ts';
import { batchAnswerOf, batchAnswerSchema, receiptOf, receiptSchema } from '../ingest/answer.ts';
import {
  documentedOnly,
  itemsAt,
  jsonTypes,
  lineAsSent,
  linesOf,
  listOf,
  takes,
  translateLine,
} from '../ingest/body.ts';
import { encodedIn, fromCloudEvent, traceparentOf } from '../ingest/cloud-event.ts';
import type { Translated } from '../ingest/item.ts';
import { itemLimits } from '../ingest/json.ts';
import { fromNative } from '../ingest/native.ts';
import type { Delivery } from '../ingest/record.ts';
import type { Sent } from '../ingest/rejects.ts';
import { deliveryOf, eachInTurn, record } from '../ingest/record.ts';
import { watchRefusals } from '../ingest/refusals.ts';
import { cloudEventSchema, nativeBatchSchema, nativeSchema, ofKeyedRequests } from '../ingest/schemas.ts';
import { segmentRoutes } from '../ingest/segment-routes.ts';
import { batched, cloudEventOf, contentType, isCloudEvent, structured, wayOf } from '../ingest/way-in.ts';
import { webhookRoutes } from '../ingest/webhook-routes.ts';
import { Problem } from '../http/problems.ts';
import { withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const config = { permission: 'events:write', writeKeyInBody: true } as const;
const batchConfig = { ...config, batch: true } as const;
const tags = ['Ingestion'];

/** Throws a `Problem` when CloudEvents hold more in base64 than is looked through. */
const mustHoldLittle = (events: readonly unknown[]): void => {
  if (encodedIn(events) <= itemLimits.base64) return;
  const most = `at most ${itemLimits.base64 / 1024} KiB of data_base64`;
  throw new Problem('too-large', `A request takes ${most}; send JSON in data, or send it in several parts`);
};

const toOne = (api: ApiContext) => {
  const answer = async (reply: FastifyReply, delivery: Delivery, item: Translated, value: unknown) => {
    const { outcomes, position } = await record(api, delivery, [item], () => ({ form: 'item', value }));
    const receipt = receiptOf(outcomes[0]);
    return withPosition(reply, position).code(202).send(receipt);
  };
  return {
    native: async (request: FastifyRequest, reply: FastifyReply) => {
      const delivery = deliveryOf(api, request, 'rest');
      const item = fromNative(request.body ?? undefined, 'api', delivery.arrivalOf(0));
      return answer(reply, delivery, item, request.body);
    },
    cloudEvent: async (event: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const delivery = deliveryOf(api, request, 'cloudevents');
      const traceparent = traceparentOf(event);
      const sender = { ...delivery.sender, ...(traceparent !== undefined && { traceparent }) };
      return answer(reply, { ...delivery, sender }, fromCloudEvent(event, delivery.arrivalOf(0)), event);
    },
  };
};

/** The items of one request: by which way they came, and how each is translated, kept when it is refused, and pointed to. */
type Many<T> = {
  readonly via: 'batch' | 'cloudevents';
  readonly items: readonly T[];
  readonly translate: (item: T, index: number, delivery: Delivery) => Translated;
  readonly sentAs: (item: T) => Sent;
  readonly pointerTo: (index: number) => string;
};

const asItem = (value: unknown): Sent => ({ form: 'item', value });

const toMany =
  (api: ApiContext) =>
  async <T>(
    [request, reply]: readonly [FastifyRequest, FastifyReply],
    { via, items, translate, sentAs, pointerTo }: Many<T>,
  ) => {
    const delivery = deliveryOf(api, request, via);
    const translated = await eachInTurn(api, delivery.projectId, items, (item, index) =>
      translate(item, index, delivery),
    );
    const sent = (index: number): Sent => {
      const item = items[index];
      return item === undefined ? asItem(null) : sentAs(item);
    };
    const { outcomes, position } = await record(api, delivery, translated, sent);
    return withPosition(reply, position).send(batchAnswerOf(outcomes, pointerTo));
  };

const ingestRoute = (scope: App, api: ApiContext, admit: Admit): void => {
  takes(scope, admit);
  scope.route({
    method: 'POST',
    url: '/api/events/ingest',
    config: { ...config, ownLevels: 1 },
    ...documentedOnly,
    schema: {
      summary: 'Record an activity',
      description: `Answered when the activity is durable. ${ofKeyedRequests}`,
      consumes: [...jsonTypes],
      tags,
      body: nativeSchema,
      response: { 202: receiptSchema },
    },
    handler: toOne(api).native,
  });
};

const eventsRoute = (scope: App, api: ApiContext, admit: Admit): void => {
  const { native, cloudEvent } = toOne(api);
  const many = toMany(api);
  const ownLevels = (request: FastifyRequest): number => (isCloudEvent(request) ? 0 : 1);
  // In binary mode the content type is that of the data, which may be any JSON.
  takes(scope, admit, [/^application\/[\w.-]+\+json/]);
  scope.route({
    method: 'POST',
    url: '/api/events',
    config: { ...batchConfig, ownLevels },
    ...documentedOnly,
    schema: {
      summary: 'Record an activity, or CloudEvents',
      description: `Takes what /api/events/ingest takes, and CloudEvents 1.0: structured (${structured}), batched (${batched}, answered with 200 as a batch is) and binary (\`ce-\` headers). ${ofKeyedRequests}`,
      consumes: [...jsonTypes, structured, batched],
      tags,
      body: z.union([nativeSchema, cloudEventSchema, z.array(cloudEventSchema)]),
      response: { 200: batchAnswerSchema, 202: receiptSchema },
    },
    handler: async (request, reply) => {
      if (contentType(request) === batched) {
        const events = listOf(request.body);
        mustHoldLittle(events);
        return many([request, reply], {
          via: 'cloudevents',
          items: events,
          translate: (event, index, { arrivalOf }) => fromCloudEvent(event, arrivalOf(index)),
          sentAs: asItem,
          pointerTo: (index) => `/${index}`,
        });
      }
      const event = cloudEventOf(request);
      mustHoldLittle([event]);
      return event === undefined ? native(request, reply) : cloudEvent(event, request, reply);
    },
  });
};

const batchRoute = (scope: App, api: ApiContext, admit: Admit): void => {
  const many = toMany(api);
  takes(scope, admit, [], ['application/x-ndjson']);
  scope.route({
    method: 'POST',
    url: '/api/events/batch',
    config: { ...batchConfig, ownLevels: 3 },
    ...documentedOnly,
    schema: {
      summary: 'Record many activities',
      description: `At most 5,000 items, 4 MiB, and 50,000 JSON values or 20 for each item. A bad item never fails the others: look at the results. As NDJSON there is an item on each line; blank lines don't count, and pointers begin with the index. ${ofKeyedRequests}`,
      consumes: [...jsonTypes, 'application/x-ndjson'],
      tags,
      body: nativeBatchSchema,
      response: { 200: batchAnswerSchema },
    },
    handler: async (request, reply) => {
      const { body } = request;
      const one = (item: unknown, index: number, { arrivalOf }: Delivery) =>
        fromNative(item, 'batch', arrivalOf(index));
      if (contentType(request) !== 'application/x-ndjson' || typeof body !== 'string')
        return many([request, reply], {
          via: 'batch',
          items: itemsAt(body, 'events').items,
          translate: one,
          sentAs: asItem,
          pointerTo: (index) => `/events/${index}`,
        });
      return many([request, reply], {
        via: 'batch',
        items: linesOf(body),
        translate: (line, index, delivery) => translateLine(line, (item) => one(item, index, delivery)),
        sentAs: lineAsSent,
        pointerTo: (index) => `/${index}`,
      });
    },
  });
};

/** The routes that take activities: our own format, batches of it, CloudEvents, and what Segment's clients send. */
export const ingestion = async (app: App, api: ApiContext): Promise<void> => {
  await app.register(async (all: App) => {
    watchRefusals(all, wayOf);
    const admit = admission(all);
    for (const routes of [ingestRoute, eventsRoute, batchRoute, segmentRoutes]) {
      await all.register(async (scope: App) => routes(scope, api, admit));
    }
    await all.register(async (scope: App) => webhookRoutes(scope, api, admit));
  });
};
