import { z } from 'zod';
import { mustKnowRegions } from '../../domain/routing/regions.ts';
import { Rejection } from '../../domain/rejection.ts';
import { rosterId, teamSchema } from '../../domain/routing/roster-events.ts';
import { teamChanges, withChanges } from '../../domain/routing/roster-form.ts';
import { mustHaveRoom } from '../../domain/routing/roster-room.ts';
import { mustHaveRep, roster } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';

/** Changes some of a team. What two ask for at once both holds, unless it is about the same. */
export const changeTeam = command(roster)({
  name: 'ChangeTeam',
  input: z.object({ projectId: z.string(), teamId: rosterId, changes: teamChanges }),
  id: ({ projectId }) => projectId,
  decide: (state, { teamId, changes }) => {
    const before = state.teams.get(teamId);
    if (!before) throw new Rejection('member-unknown', `There is no team ${teamId}`);
    const team = withChanges(teamSchema, before, changes);
    mustHaveRoom(state, before, team);
    mustKnowRegions(state, before, team);
    if (team.leadRepId !== undefined && team.leadRepId !== before.leadRepId) mustHaveRep(state, team.leadRepId);
    return JSON.stringify(team) === JSON.stringify(teamSchema.parse(before))
      ? []
      : [{ type: 'TeamChanged', data: team }];
  },
});
