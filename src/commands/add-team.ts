import { z } from 'zod';
import { Rejection } from '../domain/rejection.ts';
import { rosterId } from '../domain/roster-events.ts';
import { teamForm } from '../domain/roster-form.ts';
import { mustHaveRep, roster } from '../domain/roster.ts';
import { command } from './command.ts';

/** How many teams a project has at most. */
const most = 500;

/** Makes a team. Who leads it must be on the roster. */
export const addTeam = command(roster)({
  name: 'AddTeam',
  input: teamForm.extend({ projectId: z.string(), teamId: rosterId }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, ...team }) => {
    const { teamId, leadRepId } = team;
    if (state.teams.has(teamId))
      throw new Rejection('team-exists', `There is a team ${teamId} already; change it, or choose another id`);
    if (state.teams.size >= most) throw new Rejection('roster-full', `A project has ${most} teams at most`);
    if (leadRepId !== undefined) mustHaveRep(state, leadRepId);
    return [{ type: 'TeamAdded', data: team }];
  },
});
