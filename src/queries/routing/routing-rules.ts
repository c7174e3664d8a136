import type { RosterEvent } from '../../domain/routing/roster-events.ts';
import type { RosterState } from '../../domain/routing/roster.ts';
import { roster } from '../../domain/routing/roster.ts';
import type { RoutingRules } from '../../domain/routing/routing-rules.ts';
import type { PublishedIn } from '../published.ts';
import type { QueryContext } from '../queries.ts';

/** Routing rules as they are shown: each rule is as it was published. */
const rulesView = (rules: RoutingRules): RoutingRules => ({
  rules: rules.rules,
  sticky: { lead: rules.sticky.lead, domain: rules.sticky.domain },
  freeMailDomains: rules.freeMailDomains,
  regions: rules.regions,
  defaultTeam: rules.defaultTeam,
});

/** The routing rules in force, with their version and the revision of their roster. */
export const routingRulesOf = async ({ states }: QueryContext, projectId: string) => {
  const { state, revision } = await states.refresh(roster, projectId);
  const { version, rules } = state.routing;
  return { revision, view: { version, ...rulesView(rules) } };
};

/** A version of the routing rules, and who published it: `root`, or `key:` and the id of a key, as far as that was recorded. */
export type RulesVersion = {
  readonly version: number;
  readonly rules: RoutingRules;
  readonly publishedAt: string;
  readonly restores?: number | undefined;
  readonly publishedBy?: string | undefined;
};

/** The routing rules that a project had. */
export const rulesOf = (projectId: string): PublishedIn<RosterState, RosterEvent, RulesVersion> => ({
  aggregate: roster,
  id: projectId,
  newest: ({ routing }) => routing.version,
  pick: (event) => {
    if (event.type !== 'RoutingRulesPublished') return undefined;
    const { version, rules, publishedAt, restores } = event.data;
    return { version, rules: rulesView(rules), publishedAt, restores, publishedBy: event.metadata.actor };
  },
});
