import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { completeReceipt } from '../../commands/sources/complete-receipt.ts';
import type { Json } from '../../domain/lead/activity.ts';
import type { WebhookName } from '../../domain/sources/receipt.ts';
import { doneBefore, receipt, receiptIdOf, receiptLimits } from '../../domain/sources/receipt.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import type { App } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { nobody } from '../http/caller.ts';
import { knownSources } from '../http/known-sources.ts';
import { Problem } from '../http/problems.ts';
import { traceparentOf, withPosition } from '../http/request.ts';
import type { Admit } from './admission.ts';
import { batchAnswerOf, resultSchema } from './answer.ts';
import { documentedOnly, limited } from './body.ts';
import { faulty } from './item.ts';
import type { Delivery } from './record.ts';
import { eachInTurn, record } from './record.ts';
import { contentOf, itemsOf, nameOf } from './webhook.ts';
import { isFailure, mustBeAuthentic, tokenQuery } from './webhook-signature.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The source that a webhook came for, where one is known. */
    source: (Source & { readonly projectId: string }) | undefined;
  }
}

/** The largest body, in bytes: until its signature is checked it may be anybody's. */
const bodyLimit = 1024 * 1024;

const tags = ['Sources'];

/** What is longer is no id of a source. */
const params = z.object({ sourceId: z.string() });

const answerSchema = z.object({
  receiptId: z.string(),
  status: z.enum(['queued', 'duplicate', 'rejected']),
  results: z.array(resultSchema),
});
type Answer = z.infer<typeof answerSchema>;

/** What a webhook says, or why it can't be read. */
type Read = { readonly content: Json } | { readonly why: string; readonly text: string };

const read = (body: Buffer, { headers }: FastifyRequest): Read => {
  try {
    return { content: contentOf(body, headers['content-type'] ?? '') };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { why: error.message, text: body.toString() };
  }
};

type Found = {
  readonly source: Source & { readonly projectId: string };
  readonly name: WebhookName;
  readonly receiptId: string;
};

const statusOf = ({ accepted, duplicates, results }: ReturnType<typeof batchAnswerOf>): Answer['status'] => {
  if (accepted > 0) return 'queued';
  if (results.length > 0 && results.every(({ status }) => status === 'rejected')) return 'rejected';
  return duplicates > 0 ? 'duplicate' : 'queued';
};

const senderOf = ({ newId }: ApiContext, request: FastifyRequest, { sourceId }: Source): Request => {
  const traceparent = traceparentOf(request);
  return {
    commandId: unrepeatable(newId()),
    correlationId: request.id,
    actor: `source:${sourceId}`,
    ...(traceparent !== undefined && { traceparent }),
  };
};

/** Records what a webhook says, and then that it did. */
const taken = async (
  api: ApiContext,
  request: FastifyRequest,
  { source, name, receiptId }: Found,
  said: Read,
): Promise<readonly [Answer, position: number]> => {
  const { projectId, sourceId } = source;
  const receivedAt = api.clock();
  const sender = senderOf(api, request, source);
  const { items, pointerTo, translate, sent } = itemsOf(source, 'content' in said ? said.content : null);
  limited(items);
  const arrivalOf = () => ({ receivedAt, newEventId: api.newId });
  const refused: Delivery['refused'] = (some) => request.server.refused(request, some);
  const cameBy = { via: 'webhook', sourceId, receivedAt, name: receiptId } as const;
  const counted: Delivery['counted'] = (count) => request.server.limiting.events(request, count);
  const delivery = { projectId, sender, keyed: false, arrivalOf, counted, refused, cameBy };
  const { outcomes, position } =
    'why' in said
      ? await record(api, delivery, [faulty('', `can't be read: ${said.why}`)], () => ({
          form: 'text',
          value: said.text,
        }))
      : await record(
          api,
          delivery,
          await eachInTurn(api, projectId, items, (item, index) => translate(item, index, name, receivedAt)),
          sent,
        );
  const told = batchAnswerOf(outcomes, pointerTo);
  const status = statusOf(told);
  const counts = { queued: told.accepted, duplicate: told.duplicates, rejected: told.rejected };
  const results = told.results
    .slice(0, receiptLimits.results)
    .flatMap(({ index, status: of, leadId }) =>
      of === 'ignored' ? [] : [{ index, status: of, ...(leadId !== undefined && { leadId }) }],
    );
  const input = { projectId, receiptId, sourceId, status, counts, results };
  const completed = await api.engine.handle(completeReceipt, input, {
    ...sender,
    commandId: unrepeatable(api.newId()),
  });
  return [{ receiptId, status, results: told.results }, Math.max(position, completed.position)];
};

/** The id of a webhook that its source signed. What it did not counts for where it comes from. */
const authentic = async (api: ApiContext, request: FastifyRequest, source: Source, raw: Buffer) => {
  try {
    return await mustBeAuthentic(api, request, source, raw);
  } catch (error) {
    if (isFailure(error)) await request.server.limiting.failed(request, source.sourceId);
    throw error;
  }
};

const receive = async (api: ApiContext, request: FastifyRequest, reply: FastifyReply): Promise<Answer> => {
  const { source, body } = request;
  if (!source) throw new Problem('not-found', 'There is no such source');
  const raw = Buffer.isBuffer(body) ? body : Buffer.of();
  const webhookId = await authentic(api, request, source, raw);
  const said = read(raw, request);
  const name = nameOf(source, webhookId, raw, 'content' in said ? said.content : undefined);
  const receiptId = receiptIdOf(source.sourceId, name);
  const { state } = await api.engine.states.refresh(receipt, `${source.projectId}.${receiptId}`);
  const done = doneBefore(state, name, api.clock());
  reply.code(202);
  if (done) {
    const results = done.results.map(({ index, leadId }) => ({
      index,
      status: 'duplicate' as const,
      eventId: null,
      ...(leadId !== undefined && { leadId }),
    }));
    return { receiptId, status: 'duplicate', results };
  }
  const [answer, position] = await taken(api, request, { source, name, receiptId }, said);
  withPosition(reply, position);
  return answer;
};

/** What says the type of a body, without its parameters. */
const mediaType = /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)\s*(?:;|$)/;

/** A body whose type says nothing is taken for JSON: who signs it need not be good at headers. */
const typeIn = (given: string | undefined): string => mediaType.exec(given ?? '')?.[1] ?? 'application/json';

/** Takes webhooks: whose they are, their source says, and that they are its own, their signature. */
export const webhookRoutes = (scope: App, api: ApiContext, admit: Admit): void => {
  const find = knownSources(api, (projectId) => scope.isProject(projectId));
  const { limiting } = scope;
  scope.decorateRequest('source');
  scope.addHook('onRequest', async (request) => {
    const { sourceId } = params.parse(request.params);
    const source = await find(sourceId);
    if (!source) await limiting.failed(request);
    if (!source) throw new Problem('source-unknown', 'There is no such source; look at the path');
    if (!source.enabled) throw new Problem('source-disabled', 'The source is disabled; enable it to take webhooks');
    request.source = source;
    request.headers['content-type'] = typeIn(request.headers['content-type']);
    request.caller = { ...nobody, projectId: source.projectId, name: sourceId, actor: `source:${sourceId}` };
    if (!limiting.mayFail(request, sourceId)) limiting.refuse(request, sourceId);
    await limiting.counted(request, request.caller);
  });
  scope.addHook('onError', (_request, _reply, error, done) => {
    if (error instanceof Problem) scope.instruments?.webhooksRejected.add(1, error.code);
    done();
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (request: FastifyRequest, stream: Readable) =>
    scope.takeBody(request, stream, async (bytes) => {
      await admit(request, bytes.length);
      return bytes;
    }),
  );
  scope.route({
    method: 'POST',
    url: '/webhooks/:sourceId',
    config: { public: true, limit: 'ingest' },
    bodyLimit,
    ...documentedOnly,
    schema: {
      summary: 'Take a webhook',
      description:
        'Needs no key: the signature over the raw body says whose it is. Answered when all is durable. The same webhook again is a duplicate; what is signed and can not be mapped is rejected, and kept.',
      tags,
      params,
      querystring: tokenQuery,
      response: { 202: answerSchema },
    },
    handler: async (request, reply) => {
      const answer = await receive(api, request, reply);
      scope.instruments?.webhooksReceived.add(1, request.source?.scheme ?? '', answer.status);
      if (answer.status === 'rejected') scope.instruments?.webhooksRejected.add(1, 'not-mapped');
      return answer;
    },
  });
};
