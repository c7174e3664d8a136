import { z } from 'zod';
import { roles } from '../../domain/people/roles.ts';
import { memberLimits, mustHaveRoom, mustMayInvite, openInvitation } from '../../domain/projects/members.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Lets a person become a member. One who was invited before is invited anew, and for the role that is said last. */
export const inviteMember = command(project)({
  name: 'InviteMember',
  input: z.object({ projectId: z.string(), personId: z.string(), role: z.enum(roles) }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, personId, role }, { now }) => {
    if (!state.projectId) throw new Rejection('project-unknown', `There is no project ${projectId}`);
    if (state.members.has(personId))
      throw new Rejection('member-exists', 'Who has this address is a member already; change their role instead');
    mustMayInvite(state, now);
    if (!openInvitation(state, personId, now)) mustHaveRoom(state, now);
    const until = new Date(now.getTime() + memberLimits.invited).toISOString();
    return [{ type: 'InvitationMade', data: { personId, role, at: now.toISOString(), until } }];
  },
});
