import { z } from 'zod';
import { mustKnowRegions } from '../../domain/routing/regions.ts';
import { Rejection } from '../../domain/rejection.ts';
import { rosterId } from '../../domain/routing/roster-events.ts';
import { mustHaveRoom } from '../../domain/routing/roster-room.ts';
import { rosterLimits, teamForm } from '../../domain/routing/roster-form.ts';
import { mustHaveRep, roster } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';

/** Makes a team. Who leads it must be on the roster. */
export const addTeam = command(roster)({
  name: 'AddTeam',
  input: teamForm.extend({ projectId: z.string(), teamId: rosterId }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, ...team }) => {
    const { teamId, leadRepId } = team;
    if (state.teams.has(teamId))
      throw new Rejection('team-exists', `There is a team ${teamId} already; change it, or choose another id`);
    if (state.teams.size >= rosterLimits.teams)
      throw new Rejection('roster-full', `A project has ${rosterLimits.teams} teams at most; change one that it has`);
    mustHaveRoom(state, undefined, team);
    mustKnowRegions(state, undefined, team);
    if (leadRepId !== undefined) mustHaveRep(state, leadRepId);
    return [{ type: 'TeamAdded', data: team }];
  },
});
