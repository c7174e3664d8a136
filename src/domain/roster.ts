import { Map } from 'immutable';
import type { Aggregate } from './event.ts';
import { Rejection } from './rejection.ts';
import type { ReplyPolicy } from './reply-policy.ts';
import { defaultReplyPolicy } from './reply-policy.ts';
import type { Rep, RosterEvent, Team } from './roster-events.ts';
import type { RoutingRules } from './routing-rules.ts';
import { noRules } from './routing-rules.ts';

/** Who may get leads in a project, and by which rules. Version 0 is what holds before anything is published. */
export type RosterState = {
  readonly teams: Map<string, Team>;
  readonly reps: Map<string, Rep>;
  readonly routing: { readonly version: number; readonly rules: RoutingRules };
  readonly replies: { readonly version: number; readonly policy: ReplyPolicy };
};

const initial: RosterState = {
  teams: Map(),
  reps: Map(),
  routing: { version: 0, rules: noRules },
  replies: { version: 0, policy: defaultReplyPolicy },
};

const evolve = (state: RosterState, event: RosterEvent): RosterState => {
  switch (event.type) {
    case 'TeamAdded':
    case 'TeamChanged':
      return { ...state, teams: state.teams.set(event.data.teamId, event.data) };
    case 'RepAdded':
    case 'RepChanged':
      return { ...state, reps: state.reps.set(event.data.repId, event.data) };
    case 'RoutingRulesPublished': {
      const { version, rules } = event.data;
      return { ...state, routing: { version, rules } };
    }
    case 'ReplyPolicyPublished': {
      const { version, policy } = event.data;
      return { ...state, replies: { version, policy } };
    }
    default:
      return state;
  }
};

export const roster: Aggregate<RosterState, RosterEvent> = { name: 'roster', initial, evolve };

/** Throws a `Rejection` when nobody on the roster has this id, or who had it left. */
export const mustHaveRep = ({ reps }: RosterState, repId: string): void => {
  const status = reps.get(repId)?.status;
  if (status === undefined) throw new Rejection('rep-unknown', `There is no rep ${repId}; add it first`);
  if (status === 'left') throw new Rejection('rep-unknown', `Rep ${repId} left; name another`);
};

/** Throws a `Rejection` when some of these teams are not there. */
export const mustHaveTeams = ({ teams }: RosterState, teamIds: readonly string[]): void => {
  const unknown = teamIds.filter((id) => !teams.has(id));
  if (unknown.length > 0)
    throw new Rejection(
      'team-unknown',
      `There is no team ${unknown.slice(0, 5).join(', ')}; add it first, or leave it out`,
    );
};
