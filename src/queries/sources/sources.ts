import { Rejection } from '../../domain/rejection.ts';
import type { Receipt } from '../../domain/sources/receipt.ts';
import { receipt } from '../../domain/sources/receipt.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { mustHaveSource, sources as aggregate } from '../../domain/sources/sources.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';
import type { SecretView } from '../secrets.ts';
import { secretViews } from '../secrets.ts';

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
  const { source } = await sourceOf({ states }, projectId, sourceId);
  return secretViews(source.secrets, clock());
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
