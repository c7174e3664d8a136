import { disableEndpoint } from '../../commands/deliveries/disable-endpoint.ts';
import { recordAttempt } from '../../commands/deliveries/record-attempt.ts';
import type { DisabledReason, Endpoint } from '../../domain/deliveries/endpoints.ts';
import { confidentialSchema, endpoints } from '../../domain/deliveries/endpoints.ts';
import type { Outcome } from '../../domain/deliveries/outcome.ts';
import { failingForMs, outcomeOf } from '../../domain/deliveries/outcome.ts';
import type { Told } from '../../domain/deliveries/told.ts';
import { validSecrets } from '../../domain/sources/secrets.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { Engine } from '../../flows/engine.ts';
import type { Secrets } from '../../outside/vault/secrets.ts';
import type { Attempt, WebhookClient } from '../../outside/webhooks/client.ts';
import { deliveryRequest } from '../../outside/webhooks/requests.ts';
import { endpointHealth } from '../../projections/endpoint-health.ts';
import type { ToldContext } from '../../queries/deliveries/told.ts';
import { factsAt, toldOf, toldToTry } from '../../queries/deliveries/told.ts';
import type { Queries } from '../../readmodels/queries.ts';
import type { Observing } from '../../telemetry/traced-store.ts';
import { inSpan } from '../../telemetry/tracing.ts';
import type { Recoveries } from '../recoveries.ts';
import { backOff } from '../subscription.ts';
import type { Circuits } from './circuits.ts';
import type { DueDelivery, Untried } from './due.ts';
import { isDue } from './due.ts';
import type { Sharing } from './sharing.ts';

/** What sends with. */
export type Sender = {
  readonly engine: Engine;
  readonly readModels: Pick<Queries, 'get' | 'find'>;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly client: Pick<WebhookClient, 'send'>;
  readonly secrets: Pick<Secrets, 'get'>;
  /** The waits between attempts, in ms. */
  readonly schedule: readonly number[];
  readonly told: ToldContext;
  /** What is looked up once for all endpoints that are told of a fact at the same time, by its place. */
  readonly shared: { readonly facts: Sharing<readonly Recorded[]>; readonly told: Sharing<Told | undefined> };
  readonly untried: Untried;
  readonly circuits: Circuits;
  readonly recoveries: Recoveries;
  readonly telemetry: Observing;
  readonly onError: (error: unknown) => void;
};

/**
 * What came of a try: whether a delivery is over, or not yet; or nothing, because what is known of it lags, its circuit is open, or
 * the process ends. `position` is where that was recorded.
 */
export type Tried = { readonly result: Outcome['result'] | 'nothing'; readonly position: number };

const nothing: Tried = { result: 'nothing', position: 0 };

const requestFor = ({ newId }: Sender, fact: Recorded | undefined): Request => ({
  commandId: unrepeatable(newId()),
  correlationId: fact?.metadata.correlationId ?? newId(),
  ...(fact && { causationId: fact.id }),
  ...(fact?.metadata.traceparent !== undefined && { traceparent: fact.metadata.traceparent }),
  actor: 'deliveries',
});

/** Does something until it succeeds or the signal aborts: what was sent and is not recorded would be sent again. */
const untilDone = async <T>(
  { recoveries, onError }: Sender,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => {
  for (let failures = 1; ; failures++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      onError(error);
      await recoveries.sleep(backOff(failures), signal);
    }
  }
};

const keyOf = ({ stream, revision }: Pick<Recorded, 'stream' | 'revision'>): string => `${stream} ${revision}`;

/** The fact that a delivery tells of, and those after it that say whether its lead is as it was; none when it is no longer there. */
const factsOf = async ({ told, shared }: Sender, { fact }: DueDelivery): Promise<readonly Recorded[]> =>
  fact ? shared.facts(keyOf(fact), () => factsAt(fact, told)) : [];

/** What an endpoint keeps in the vault. Rejects when the vault does not have it: nothing is sent unsigned, or to elsewhere. */
const keptOf = async ({ secrets }: Sender, endpoint: Endpoint, now: string) => {
  const { endpointId, confidentialId, secrets: entries } = endpoint;
  const get = async (id: string): Promise<string> => {
    const text = await secrets.get(endpointId, id);
    if (text === undefined) throw new Error(`The vault has nothing of endpoint ${endpointId} as ${id}`);
    return text;
  };
  const { url = endpoint.url, headers } =
    confidentialId === undefined ? { headers: {} } : confidentialSchema.parse(JSON.parse(await get(confidentialId)));
  const signing = await Promise.all(validSecrets(entries, now).map(({ secretId }) => get(secretId)));
  return { url, headers, signing };
};

const send = async (
  sender: Sender,
  [doc, endpoint, fact]: readonly [DueDelivery, Endpoint, Recorded | undefined],
  told: Told,
  signal: AbortSignal,
): Promise<Attempt> => {
  const { client, clock, telemetry } = sender;
  const now = clock();
  const { url, headers, signing: secrets } = await keptOf(sender, endpoint, now.toISOString());
  const parent = fact?.metadata.traceparent;
  const how = { kind: 'consumer', ...(parent === undefined ? { root: true } : { parent }) } as const;
  return inSpan(telemetry.tracing, `deliver ${doc.type}`, how, (span) => {
    const [{ deliveryId }, { format }, traceparent] = [doc, endpoint, span?.traceparent ?? parent];
    const request = deliveryRequest({ format, told, deliveryId, secrets, headers, now, traceparent });
    return client.send({ url, ...request, signal });
  });
};

/** Disables an endpoint that is gone, or that did nothing but fail for days. */
const disableIf = async (
  sender: Sender,
  doc: DueDelivery,
  { result, gone }: Outcome,
  request: Request,
): Promise<void> => {
  const { engine, readModels, clock } = sender;
  const { projectId, endpointId } = doc;
  const disable = async (reason: DisabledReason): Promise<void> =>
    void (await engine.handle(disableEndpoint, { projectId, endpointId, reason }, request));
  if (gone) return disable('gone');
  if (result === 'succeeded') return;
  const health = await readModels.get(projectId, endpointHealth, endpointId);
  const since = health?.failingSince;
  if (since !== undefined && clock().getTime() - Date.parse(since) >= failingForMs) await disable('failing');
};

type Verdict = Outcome & { readonly ms: number };

/** What a delivery comes to that can't be made. */
const impossible = (error: string): Verdict => ({ result: 'failed', error, ms: 0, gone: false });

/** What a delivery tells; undefined when that is no longer there. */
const toldBy = async (
  { shared, told }: Sender,
  doc: DueDelivery,
  [fact, ...later]: readonly Recorded[],
): Promise<Told | undefined> => {
  if (fact) return shared.told(keyOf(fact), () => toldOf(fact, told, later));
  if (doc.fact || doc.createdAt === undefined) return undefined;
  return toldToTry(doc.toldId, doc, { at: doc.createdAt, position: doc.order });
};

/** Tells an endpoint, and says what comes of it. Undefined when its circuit is open, or the process ended that. */
const verdictOn = async (
  sender: Sender,
  [doc, endpoint, facts]: readonly [DueDelivery, Endpoint | undefined, readonly Recorded[]],
  number: number,
  signal: AbortSignal,
): Promise<Verdict | undefined> => {
  if (!endpoint) return impossible('the endpoint was removed');
  const told = await toldBy(sender, doc, facts);
  if (!told) return impossible('what it tells of is no longer there');
  const { circuits, schedule, clock } = sender;
  const answer = await circuits.through(doc.endpointId, () => send(sender, [doc, endpoint, facts[0]], told, signal));
  if (!answer || (signal.aborted && answer.status === undefined)) return undefined;
  const how = { attempt: number, schedule, now: clock(), chance: Math.random() };
  return { ...outcomeOf(answer, how), ms: answer.ms };
};

/**
 * Tries a delivery once, and records what came of it. If the process dies in between, it is tried again with the same id. Rejects
 * when a store or the vault is away; then nothing was sent.
 */
export const attempt = async (
  sender: Sender,
  doc: DueDelivery,
  endpoint: Endpoint | undefined,
  signal: AbortSignal,
): Promise<Tried> => {
  const { engine, clock, telemetry, untried } = sender;
  const { projectId, deliveryId, endpointId, leadId } = doc;
  if (!(await isDue(engine.states, untried, doc))) return nothing;
  const facts = await factsOf(sender, doc);
  const [fact] = facts;
  const number = doc.tried + 1;
  const verdict = await verdictOn(sender, [doc, endpoint, facts], number, signal);
  if (!verdict) return nothing;
  const { gone, ...came } = verdict;
  const request = requestFor(sender, fact);
  const about = { projectId, deliveryId, endpointId, ...(leadId !== undefined && { leadId }) };
  const input = { ...about, at: clock().toISOString(), attempt: number, ...came };
  const { position } = await untilDone(sender, signal, () => engine.handle(recordAttempt, input, request));
  untried.note(deliveryId, position);
  telemetry.instruments.deliveries.add(1, came.result);
  telemetry.instruments.deliveryDuration.observe(came.ms / 1_000, came.result);
  if (endpoint) await disableIf(sender, doc, { ...came, gone }, requestFor(sender, fact));
  return { result: came.result, position };
};

/** The endpoint of a delivery as it is remembered. */
export const endpointOf = async (
  { engine }: Pick<Sender, 'engine'>,
  { projectId, endpointId }: Pick<DueDelivery, 'projectId' | 'endpointId'>,
): Promise<Endpoint | undefined> => (await engine.states.get(endpoints, projectId)).state.endpoints.get(endpointId);
