import { Rejection } from '../../domain/rejection.ts';
import type { Receipt } from '../../domain/sources/receipt.ts';
import { receipt } from '../../domain/sources/receipt.ts';
import type { SecretEntry, SecretState } from '../../domain/sources/secrets.ts';
import { secretStateOf } from '../../domain/sources/secrets.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { mustHaveSource, sources as aggregate } from '../../domain/sources/sources.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';

/** A source as it is shown: all but its secrets. */
export type SourceView = Pick<
  Source,
  'sourceId' | 'name' | 'scheme' | 'mapping' | 'signature' | 'enabled' | 'createdAt'
> & {
  /** Where its sender sends to. */
  readonly path: string;
};

export const sourceView = ({ sourceId, name, scheme, mapping, signature, enabled, createdAt }: Source): SourceView => ({
  sourceId,
  name,
  scheme,
  path: `/webhooks/${sourceId}`,
  ...(mapping && { mapping }),
  ...(signature && { signature }),
  enabled,
  createdAt,
});

/** What is told of a secret: never what it is. */
export type SecretView = SecretEntry & { readonly state: SecretState };

/** A page of a project's sources, by id. */
export const sources = async ({ states }: QueryContext, projectId: string, range: Range): Promise<Page<SourceView>> => {
  const { state } = await states.refresh(aggregate, projectId);
  return viewsOf(
    pageIn(state.sources.values(), ({ sourceId }) => sourceId, range),
    sourceView,
  );
};

/** A source, and the revision of all of its project. Throws a `Rejection` when there is none. */
export const sourceOf = async ({ states }: Pick<QueryContext, 'states'>, projectId: string, sourceId: string) => {
  const { state, revision } = await states.refresh(aggregate, projectId);
  return { source: mustHaveSource(state, sourceId), revision };
};

/** The secrets of a source, the newest first. Throws a `Rejection` when there is no such source. */
export const secretsOf = async (
  { states, clock }: QueryContext,
  projectId: string,
  sourceId: string,
): Promise<readonly SecretView[]> => {
  const now = clock().toISOString();
  const { source } = await sourceOf({ states }, projectId, sourceId);
  return source.secrets.toReversed().map(({ secretId, createdAt, validUntil }) => ({
    secretId,
    state: secretStateOf({ secretId, createdAt, ...(validUntil !== undefined && { validUntil }) }, now),
    createdAt,
    ...(validUntil !== undefined && { validUntil }),
  }));
};

/** What became of a webhook. Throws a `Rejection` when none has that receipt. */
export const receiptOf = async ({ states }: QueryContext, projectId: string, receiptId: string): Promise<Receipt> => {
  const { state } = await states.refresh(receipt, `${projectId}.${receiptId}`);
  if (!state.last) throw new Rejection('receipt-unknown', `There is no receipt ${receiptId}`);
  const { sourceId, at, status, counts, results } = state.last;
  const { queued, duplicate, rejected } = counts;
  return {
    receiptId,
    sourceId,
    at,
    status,
    counts: { queued, duplicate, rejected },
    results: results.map(({ index, status: of, leadId }) => ({
      index,
      status: of,
      ...(leadId !== undefined && { leadId }),
    })),
  };
};
