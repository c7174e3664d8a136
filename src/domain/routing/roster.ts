import { Map as PersistentMap } from 'immutable';
import { changed } from '../changed.ts';
import type { Aggregate } from '../event.ts';
import { unchanged } from '../event.ts';
import { Rejection } from '../rejection.ts';
import type { ReplyPolicy } from './reply-policy.ts';
import { defaultReplyPolicy } from './reply-policy.ts';
import type { Rep, RosterEvent, Team } from './roster-events.ts';
import type { RoutingRules } from './routing-rules.ts';
import { noRules } from './routing-rules.ts';

/** Who may get leads in a project, and by which rules. Version 0 is what holds before anything is published. */
export type RosterState = {
  readonly teams: PersistentMap<string, Team>;
  readonly reps: PersistentMap<string, Rep>;
  /** By team: who is in it, by id. A decision asks for a few of many. */
  readonly members: PersistentMap<string, readonly Rep[]>;
  readonly routing: { readonly version: number; readonly rules: RoutingRules };
  readonly replies: { readonly version: number; readonly policy: ReplyPolicy };
};

const initial: RosterState = {
  teams: PersistentMap(),
  reps: PersistentMap(),
  members: PersistentMap(),
  routing: { version: 0, rules: noRules },
  replies: { version: 0, policy: defaultReplyPolicy },
};

/** Members of a team with one more, or with one who is another now, still by id. */
const joined = (members: readonly Rep[], rep: Rep): readonly Rep[] => {
  const next = members.findIndex(({ repId }) => repId >= rep.repId);
  const at = next < 0 ? members.length : next;
  return members.toSpliced(at, members[at]?.repId === rep.repId ? 1 : 0, rep);
};

const withRep = ({ reps, members, ...state }: RosterState, rep: Rep): RosterState => {
  const { repId, teamIds } = rep;
  const left = (reps.get(repId)?.teamIds ?? []).filter((id) => !teamIds.includes(id));
  const without = left.reduce(
    (all, id) => changed(all, id, [], (some) => some.filter((each) => each.repId !== repId)),
    members,
  );
  return {
    ...state,
    reps: reps.set(repId, rep),
    members: teamIds.reduce((all, id) => changed(all, id, [], (some) => joined(some, rep)), without),
  };
};

const evolve = (state: RosterState, event: RosterEvent): RosterState => {
  switch (event.type) {
    case 'TeamAdded':
    case 'TeamChanged':
      return { ...state, teams: state.teams.set(event.data.teamId, event.data) };
    case 'RepAdded':
    case 'RepChanged':
      return withRep(state, event.data);
    case 'RoutingRulesPublished': {
      const { version, rules } = event.data;
      return { ...state, routing: { version, rules } };
    }
    case 'ReplyPolicyPublished': {
      const { version, policy } = event.data;
      return { ...state, replies: { version, policy } };
    }
    default:
      return unchanged(state, event);
  }
};

const entriesOfRep = ({ hours, ...rep }: Rep): number =>
  [rep.teamIds, rep.skills, rep.languages, rep.regions, rep.industries, rep.timeOff, hours?.holidays ?? []].reduce(
    (sum, list) => sum + list.length,
    Object.values(hours?.week ?? {}).reduce((sum, shifts) => sum + shifts.length, 0),
  );

/** How much is in the lists of a rep or a team. */
export const entriesOf = (member: Rep | Team): number =>
  'repId' in member ? entriesOfRep(member) : member.regions.length;

/** How much is in the lists of all reps and teams. Costs as much as there are reps. */
export const entriesIn = ({ reps, teams }: RosterState): number =>
  [...reps.values(), ...teams.values()].reduce((sum, each) => sum + entriesOf(each), 0);

/** By what reps with long lists were seen to take. */
const measure = (state: RosterState): number =>
  10_000 +
  state.reps.size * 1_500 +
  state.teams.size * 500 +
  entriesIn(state) * 120 +
  state.routing.rules.rules.length * 2_000;

export const roster: Aggregate<RosterState, RosterEvent> = { name: 'roster', initial, evolve, measure };

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
