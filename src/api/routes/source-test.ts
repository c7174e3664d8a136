import { z } from 'zod';
import type { Json } from '../../domain/lead/activity.ts';
import { jsonValue, jsonObject } from '../../domain/lead/activity.ts';
import { identifierKinds } from '../../domain/identity/identity.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { sourceLimits } from '../../domain/sources/sources.ts';
import { sourceOf } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { queryContext } from '../http/query-context.ts';
import type { Translated } from '../ingest/item.ts';
import { eachInTurn } from '../ingest/record.ts';
import { signedBy } from '../ingest/webhook-signature.ts';
import { contentOf, itemsOf, nameOf } from '../ingest/webhook.ts';

const fault = z.object({ pointer: z.string(), detail: z.string() });

/** What an item would become. */
const becomes = z.object({
  eventId: z.string(),
  eventType: z.string(),
  occurredAt: z.string(),
  identifiers: z.array(z.object({ kind: z.enum(identifierKinds), value: z.string() })),
  sessionId: z.string().optional(),
  properties: jsonObject,
  traits: jsonObject.optional(),
  warnings: z.array(fault.extend({ code: z.string() })).optional(),
});
const itemSchema = z.union([becomes, z.object({ errors: z.array(fault) })]);
type Item = z.infer<typeof itemSchema>;

const itemView = (item: Translated, at: string): Item => {
  const placed = <T extends { readonly pointer: string }>(all: readonly T[]) =>
    all.map((each) => ({ ...each, pointer: `${at}${each.pointer}` }));
  if (!('capture' in item)) return { errors: 'faults' in item ? placed(item.faults) : [] };
  const { capture, warnings } = item;
  const { eventId, eventType, occurredAt, sessionId, properties, traits } = capture.activity;
  return {
    eventId,
    eventType,
    occurredAt,
    identifiers: capture.identifiers.map(({ kind, value }) => ({ kind, value })),
    ...(sessionId !== undefined && { sessionId }),
    properties,
    ...(traits && { traits }),
    ...(warnings && { warnings: placed(warnings) }),
  };
};

/** A webhook to be looked at: its body as text is that which is signed. */
type Tried = { readonly headers: Readonly<Record<string, string>>; readonly body: Json };

const withLowerNames = (headers: Tried['headers']): Tried['headers'] =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** What a webhook would become, as far as it can be read. */
const tried = async (api: ApiContext, projectId: string, source: Source, { headers: given, body }: Tried) => {
  const headers = withLowerNames(given);
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const signature =
    Object.keys(headers).length > 0
      ? { signature: (await signedBy(api, source, { headers, body: bytes })).fault ?? ('valid' as const) }
      : {};
  let content: Json;
  try {
    content = contentOf(bytes, headers['content-type'] ?? 'application/json');
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { items: [{ errors: [{ pointer: '', detail: `can't be read: ${error.message}` }] }], ...signature };
  }
  const name = nameOf(source, headers['webhook-id'], bytes, content);
  const { items, pointerTo, translate } = itemsOf(source, content);
  const receivedAt = api.clock();
  const views = await eachInTurn(api, projectId, items, (item, index) =>
    itemView(translate(item, index, name, receivedAt), pointerTo(index)),
  );
  return { items: [...views], ...signature };
};

/** Says what a source would make of a webhook. */
export const sourceTest: Routes = (app, api) => {
  const context = queryContext(api);
  app.route({
    method: 'POST',
    url: '/api/projects/:projectId/sources/:sourceId/test',
    config: { permission: 'config:write' },
    bodyLimit: sourceLimits.bytes,
    schema: {
      summary: 'See what a webhook would become',
      description:
        'Nothing is stored. A body that is text is taken as it is, as one that is signed or a form has to be; with headers the answer tells of the signature too.',
      tags: ['Sources'],
      params: z.object({ projectId: z.string(), sourceId: z.string().max(128) }),
      body: z.strictObject({ headers: z.record(z.string(), z.string()).default({}), body: jsonValue }),
      response: {
        200: z.object({
          items: z.array(itemSchema),
          signature: z
            .enum(['valid', 'signature-missing', 'signature-invalid', 'signature-expired'])
            .optional()
            .describe('Whether it would be let in, where headers were given'),
        }),
      },
    },
    handler: async ({ params: { projectId, sourceId }, body }) => {
      const { source } = await sourceOf(context, projectId, sourceId);
      return tried(api, projectId, source, { headers: body.headers, body: body.body });
    },
  });
};
