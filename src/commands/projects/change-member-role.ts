import { z } from 'zod';
import { roles } from '../../domain/people/roles.ts';
import { mustBeMember, mustLeaveAnAdmin, openInvitation } from '../../domain/projects/members.ts';
import { project } from '../../domain/projects/project.ts';
import { command } from '../../engine/command.ts';

/** Gives a member, or who was invited, another role. The last admin stays one. */
export const changeMemberRole = command(project)({
  name: 'ChangeMemberRole',
  input: z.object({ projectId: z.string(), personId: z.string(), role: z.enum(roles) }),
  id: ({ projectId }) => projectId,
  decide: (state, { personId, role }, { now }) => {
    const invitation = state.members.has(personId) ? undefined : openInvitation(state, personId, now);
    if (invitation) return invitation.role === role ? [] : [{ type: 'InvitationMade', data: { ...invitation, role } }];
    const member = mustBeMember(state, personId);
    if (member.role === role) return [];
    mustLeaveAnAdmin(state, member);
    return [{ type: 'MemberRoleChanged', data: { personId, role } }];
  },
});
