import type { ReplyPolicy } from '../../domain/routing/reply-policy.ts';
import type { RosterEvent } from '../../domain/routing/roster-events.ts';
import type { RosterState } from '../../domain/routing/roster.ts';
import { roster } from '../../domain/routing/roster.ts';
import type { PublishedIn } from '../published.ts';
import type { QueryContext } from '../queries.ts';

/** A reply policy as it is shown. */
const policyView = (policy: ReplyPolicy): ReplyPolicy => ({
  enabled: policy.enabled,
  firstResponseMinutes: policy.firstResponseMinutes,
  countedIn: policy.countedIn,
  atRiskPercent: policy.atRiskPercent,
  steps: policy.steps.map(({ afterMinutes, action }) => ({ afterMinutes, action })),
});

/** The reply policy in force, with its version and the revision of its roster. */
export const replyPolicyOf = async ({ states }: QueryContext, projectId: string) => {
  const { state, revision } = await states.refresh(roster, projectId);
  const { version, policy } = state.replies;
  return { revision, view: { version, ...policyView(policy) } };
};

/** A version of the reply policy, and who published it: `root`, or `key:` and the id of a key, as far as that was recorded. */
export type PolicyVersion = {
  readonly version: number;
  readonly policy: ReplyPolicy;
  readonly publishedAt: string;
  readonly publishedBy?: string | undefined;
};

/** The reply policies that a project had. */
export const policiesOf = (projectId: string): PublishedIn<RosterState, RosterEvent, PolicyVersion> => ({
  aggregate: roster,
  id: projectId,
  newest: ({ replies }) => replies.version,
  pick: (event) => {
    if (event.type !== 'ReplyPolicyPublished') return undefined;
    const { version, policy, publishedAt } = event.data;
    return { version, policy: policyView(policy), publishedAt, publishedBy: event.metadata.actor };
  },
});
