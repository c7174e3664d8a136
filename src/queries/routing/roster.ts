import { Rejection } from '../../domain/rejection.ts';
import type { Rep, Team } from '../../domain/routing/roster-events.ts';
import { roster } from '../../domain/routing/roster.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';

/** A team as it is shown. */
export const teamView = (team: Team): Team => ({
  name: team.name,
  regions: team.regions,
  teamId: team.teamId,
  leadRepId: team.leadRepId,
});

/** A rep as it is shown. */
export const repView = (rep: Rep): Rep => ({
  repId: rep.repId,
  name: rep.name,
  email: rep.email,
  teamIds: rep.teamIds,
  status: rep.status,
  skills: rep.skills.map(({ skill, level }) => ({ skill, level })),
  languages: rep.languages,
  regions: rep.regions,
  industries: rep.industries,
  weight: rep.weight,
  capacity: rep.capacity,
  perDay: rep.perDay,
  perWeek: rep.perWeek,
  hours: rep.hours,
  timeOff: rep.timeOff.map(({ from, to }) => ({ from, to })),
});

/** A page of a project's teams, by id. */
export const teams = async ({ states }: QueryContext, projectId: string, range: Range): Promise<Page<Team>> => {
  const { state } = await states.refresh(roster, projectId);
  return viewsOf(
    pageIn(state.teams.values(), ({ teamId }) => teamId, range),
    teamView,
  );
};

/** A team and the revision of its roster. Throws a `Rejection` when there is none. */
export const teamOf = async ({ states }: QueryContext, projectId: string, teamId: string) => {
  const { state, revision } = await states.refresh(roster, projectId);
  const team = state.teams.get(teamId);
  if (team) return { team: teamView(team), revision };
  throw new Rejection('member-unknown', `There is no team ${teamId}`);
};

/** Which reps are asked for: members of a team, and of a status. */
export type RepFilters = { readonly team?: string | undefined; readonly status?: Rep['status'] | undefined };

/** A page of a project's reps, by id. */
export const reps = async (
  { states }: QueryContext,
  projectId: string,
  { team, status }: RepFilters,
  range: Range,
): Promise<Page<Rep>> => {
  const { state } = await states.refresh(roster, projectId);
  const wanted = [...state.reps.values()].filter(
    (rep) => (team === undefined || rep.teamIds.includes(team)) && (status === undefined || rep.status === status),
  );
  return viewsOf(
    pageIn(wanted, ({ repId }) => repId, range),
    repView,
  );
};

/** A rep and the revision of its roster. Throws a `Rejection` when there is none. */
export const repOf = async ({ states }: QueryContext, projectId: string, repId: string) => {
  const { state, revision } = await states.refresh(roster, projectId);
  const rep = state.reps.get(repId);
  if (rep) return { rep: repView(rep), revision };
  throw new Rejection('member-unknown', `There is no rep ${repId}`);
};
