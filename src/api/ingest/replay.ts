import { createHash } from 'node:crypto';
import { beginReplay } from '../../commands/sources/begin-replay.ts';
import { completeReplay } from '../../commands/sources/complete-replay.ts';
import { refuseReplay } from '../../commands/sources/refuse-replay.ts';
import type { Json } from '../../domain/lead/activity.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { KeptReject, RejectSummary, ReplayResults } from '../../domain/sources/reject.ts';
import { rejectIdOf } from '../../domain/sources/reject.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { mustHaveSource, sources } from '../../domain/sources/sources.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import type { RejectBody } from '../../queries/sources/rejects.ts';
import { rejectBody, rejectOf } from '../../queries/sources/rejects.ts';
import { bodyLimits } from '../http/body.ts';
import { batchAnswerOf, listedFaults } from './answer.ts';
import { fromCloudEvent } from './cloud-event.ts';
import type { Arrival, Faulty, Translated } from './item.ts';
import { faulty } from './item.ts';
import { isObject, readJson } from './json.ts';
import { fromNative } from './native.ts';
import { withExactNumbers } from './numbers.ts';
import type { Outcome, Recording } from './record.ts';
import { eachInTurn, record } from './record.ts';
import { reasonOf } from './refusals.ts';
import type { Sent } from './rejects.ts';
import { fromSegment, isSegmentCall } from './segment.ts';
import { itemsOf, translateOf } from './webhook.ts';

/** What came of a replay. `results` are of the items that it had, mostly one. */
export type Replayed = {
  readonly status: 'queued' | 'duplicate' | 'rejected';
  readonly results: ReturnType<typeof batchAnswerOf>['results'];
  readonly position: number;
};

/** Tries a reject again, as it was sent or with another body. Throws a `Rejection` when there is nothing to try. */
export type ReplayReject = (
  reject: { readonly projectId: string; readonly rejectId: string; readonly body?: Json | undefined },
  request: Request,
) => Promise<Replayed>;

/** What is to be tried: one item, or all of a webhook. */
type Trying = { readonly items: readonly Json[]; readonly translate: (item: Json, arrival: Arrival) => Translated };

const fromSdk = (item: Json, arrival: Arrival): Translated => {
  const type = isObject(item) ? item['type'] : undefined;
  return isSegmentCall(type) ? fromSegment(type, item, {}, arrival) : faulty('/type', 'is none of the calls of an SDK');
};

const ofSource = (source: Source, content: Json, form: RejectBody['form']): Trying => {
  if (form === 'item') return { items: [content], translate: translateOf(source) };
  const { items, isLost } = itemsOf(source, content);
  const place = source.mapping?.items ?? '';
  if (items.length > bodyLimits.items)
    return { items: [content], translate: () => faulty(place, `has more than ${bodyLimits.items} items`) };
  const lost = (): Translated => faulty(place, 'leads to no list and no object');
  return { items, translate: isLost ? lost : translateOf(source) };
};

const tryingOf = (
  { via }: RejectSummary,
  source: Source | undefined,
  content: Json,
  form: RejectBody['form'],
): Trying => {
  if (source) return ofSource(source, content, form);
  const items = [content];
  if (via === 'segment') return { items, translate: fromSdk };
  if (via === 'cloudevents') return { items, translate: fromCloudEvent };
  return { items, translate: (item, arrival) => fromNative(item, via === 'batch' ? 'batch' : 'api', arrival) };
};

/** What was kept, as JSON. Throws a `Rejection` when it can't be tried as it is. */
const contentOf = (rejectId: string, kept: RejectBody | undefined): Json => {
  if (!kept) throw new Rejection('reject-settled', `Reject ${rejectId} was dealt with, and what was sent is forgotten`);
  const hint = 'send a body that takes its place';
  if (kept.cut) throw new Rejection('reject-cut', `Only the beginning of reject ${rejectId} was kept; ${hint}`);
  try {
    return readJson(withExactNumbers(Buffer.from(kept.text))) ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Rejection('reject-cut', `Reject ${rejectId} is not JSON; ${hint}`);
  }
};

const isFaulty = (item: Translated): item is Faulty => 'faults' in item;

const resultsOf = (outcomes: readonly Outcome[]) => batchAnswerOf(outcomes, () => '').results;

const settledResults = (results: Replayed['results']): ReplayResults =>
  results
    .slice(0, 100)
    .flatMap(({ index, status, leadId }) =>
      status === 'ignored' ? [] : [{ index, status, ...(leadId !== undefined && { leadId }) }],
    );

/** What came of a reject that is settled already; undefined while it is open. Throws a `Rejection` when it was discarded. */
const settled = (rejectId: string, state: KeptReject): Replayed | undefined => {
  if (state.status === 'discarded') throw new Rejection('reject-settled', `Reject ${rejectId} was discarded`);
  if (state.status === 'open') return undefined;
  const results = state.results.map(({ index, leadId }) => ({
    index,
    status: 'duplicate' as const,
    eventId: null,
    ...(leadId !== undefined && { leadId }),
  }));
  return { status: 'duplicate', results, position: 0 };
};

/** SHA-256 of what is to be recorded. What was kept is in it, so that nobody can try out whom it names when that is forgotten. */
const sayingOf = (rejectId: string, kept: RejectBody | undefined, translated: readonly Translated[]): string =>
  createHash('sha256')
    .update(JSON.stringify([rejectId, kept?.text, translated]))
    .digest('base64url');

/** Records what was refused before, where it is none any more. It is recorded once, however often it is replayed. */
export const replaying = (api: Recording): ReplayReject => {
  const { engine, newId } = api;

  const sourceOf = async (projectId: string, { sourceId }: RejectSummary): Promise<Source | undefined> =>
    sourceId === undefined
      ? undefined
      : mustHaveSource((await engine.states.refresh(sources, projectId)).state, sourceId);

  return async ({ projectId, rejectId, body }, request) => {
    const state = await rejectOf(engine, projectId, rejectId);
    const { summary } = state;
    const before = settled(rejectId, state);
    if (before) return before;
    const kept = await rejectBody(engine, projectId, rejectId);
    const content = body === undefined ? contentOf(rejectId, kept) : body;
    const source = await sourceOf(projectId, summary);
    const { items, translate } = tryingOf(summary, source, content, kept?.form ?? 'item');
    const receivedAt = new Date(summary.receivedAt);
    const arrivalOf = (index: number): Arrival => ({
      receivedAt,
      newEventId: () => (items.length === 1 ? rejectId : rejectIdOf(rejectId, index)),
    });
    const translated = await eachInTurn(api, projectId, items, (item, index) => translate(item, arrivalOf(index)));

    const { expected: _, fingerprint: __, ...asked } = request;
    const sender = { ...asked, commandId: unrepeatable(newId()) };
    const faults = translated.filter(isFaulty);
    const [first] = faults;
    if (first && faults.length === translated.length) {
      const { pointer } = first.faults[0];
      const detail = listedFaults(first.faults).slice(0, 1_000);
      const why = { code: reasonOf(first), detail, ...(pointer !== '' && { pointer }) };
      const { position } = await engine.handle(refuseReplay, { projectId, rejectId, ...why }, sender);
      return { status: 'rejected', results: resultsOf(translated.filter(isFaulty)), position };
    }
    const saying = sayingOf(rejectId, kept, translated);
    await engine.handle(beginReplay, { projectId, rejectId, saying }, { ...sender, commandId: unrepeatable(newId()) });
    const meanwhile = settled(rejectId, await rejectOf(engine, projectId, rejectId));
    if (meanwhile) return meanwhile;
    // Of all of a webhook some may still be refused: these are kept by themselves.
    const sent = (index: number): Sent => ({ form: 'item', value: items[index] ?? null });
    const { via, sourceId } = summary;
    const cameBy = { via, receivedAt, name: rejectId, ...(sourceId !== undefined && { sourceId }) };
    // Its items were counted when they came.
    const ignore = (): void => undefined;
    const delivery = { projectId, sender, keyed: false, arrivalOf, counted: ignore, refused: ignore, cameBy };
    const { outcomes } = await record(api, delivery, translated, sent);
    const results = resultsOf(outcomes);
    const status = results.some((each) => each.status === 'queued') ? 'queued' : 'duplicate';
    const input = { projectId, rejectId, status, results: settledResults(results) } as const;
    const { position } = await engine.handle(completeReplay, input, { ...sender, commandId: unrepeatable(newId()) });
    return { status, results, position };
  };
};
