import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { changeMemberRole } from '../../../src/commands/projects/change-member-role.ts';
import { createProject } from '../../../src/commands/projects/create-project.ts';
import { inviteMember } from '../../../src/commands/projects/invite-member.ts';
import { removeMember } from '../../../src/commands/projects/remove-member.ts';
import { takeInvitation } from '../../../src/commands/projects/take-invitation.ts';
import { roles } from '../../../src/domain/people/roles.ts';
import { memberLimits, openInvitations } from '../../../src/domain/projects/members.ts';
import type { ProjectEvent, ProjectState } from '../../../src/domain/projects/project.ts';
import { project } from '../../../src/domain/projects/project.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import {
  at,
  invitationMade,
  invitationWithdrawn,
  memberAdded,
  memberRemoved,
  memberRoleChanged,
  projectCreated,
  projectId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const days = (count: number): string => new Date(Date.parse(at) + count * 86_400_000).toISOString();
const of = (personId: string) => ({ projectId, personId });
const open = invitationMade({ until: days(7) });
const [ada, bob] = [memberAdded(), memberAdded({ personId: 'p2' })];

describe('A project that a person begins', () => {
  it('has its admin from its first fact on', () => {
    given()
      .when(createProject, { projectId, name: 'Acme', admin: 'p1' })
      .then(projectCreated({ defaultModel: 2 }), memberAdded());
  });
});

describe('Inviting', () => {
  it('is for a role, and for seven days', () => {
    given(projectCreated())
      .when(inviteMember, { ...of('p1'), role: 'analyst' })
      .then(open);
  });

  it('again is for the role that was said last, and for another seven days', () => {
    const asked = { ...of('p1'), role: 'manager' } as const;
    given(projectCreated(), invitationMade({ until: days(1) }))
      .when(inviteMember, asked)
      .then(invitationMade({ role: 'manager', until: days(7) }));
  });

  it('is rejected of a member, and where there is no project', () => {
    given(projectCreated(), ada)
      .when(inviteMember, { ...of('p1'), role: 'admin' })
      .rejects('member-exists');
    given()
      .when(inviteMember, { ...of('p1'), role: 'admin' })
      .rejects('project-unknown');
  });

  it('has a bound, in which members and invitations are counted, but none that are over', () => {
    const many = (count: number, until: string) =>
      Array.from({ length: count }, (_, n) => invitationMade({ personId: `x${n}`, at: days(-5), until }));
    const most = memberLimits.members - 1;
    const asked = { ...of('p9'), role: 'analyst' } as const;
    given(projectCreated(), ada, ...many(most, days(2)))
      .when(inviteMember, asked)
      .rejects('members-full');
    // One who is invited already takes no more room.
    given(projectCreated(), ada, ...many(most, days(2)))
      .when(inviteMember, { ...asked, personId: 'x0' })
      .then(invitationMade({ personId: 'x0', until: days(7) }));
    given(projectCreated(), ada, ...many(most, days(-1)))
      .when(inviteMember, asked)
      .then(invitationMade({ personId: 'p9', until: days(7) }));
  });
});

describe('Invitations of a day', () => {
  const made = (count: number, time: string) =>
    Array.from({ length: count }, (_, n) => invitationMade({ personId: `x${n}`, at: time, until: days(7) }));
  const asked = { ...of('p9'), role: 'analyst' } as const;

  it('have a bound, as each is a mail, however many of them were withdrawn', () => {
    const gone = invitationWithdrawn({ personId: 'x0' });
    given(projectCreated(), ...made(memberLimits.invitationsADay, at), gone)
      .when(inviteMember, asked)
      .rejects('invitations-full');
    given(projectCreated(), ...made(memberLimits.invitationsADay, days(-1)))
      .when(inviteMember, asked)
      .then(invitationMade({ personId: 'p9', until: days(7) }));
    given(projectCreated(), ...made(memberLimits.invitationsADay - 1, at))
      .when(inviteMember, asked)
      .then(invitationMade({ personId: 'p9', until: days(7) }));
  });

  it('are not more when only a role is changed', () => {
    const all = made(memberLimits.invitationsADay - 1, at);
    const changed = all.map(({ type, data }) => ({ type, data: { ...data, role: 'manager' as const } }));
    given(projectCreated(), ...all, ...changed)
      .when(inviteMember, asked)
      .then(invitationMade({ personId: 'p9', until: days(7) }));
  });
});

describe('Taking an invitation', () => {
  it('makes a member with the role of the last invitation, once', () => {
    given(projectCreated(), invitationMade({ role: 'admin', until: days(7) }), open)
      .when(takeInvitation, of('p1'))
      .then(memberAdded({ role: 'analyst' }));
    given(projectCreated(), open, ada).when(takeInvitation, of('p1')).then();
  });

  it('is rejected when it was withdrawn, is over, is another’s, or the member was removed since', () => {
    given(projectCreated(), open, invitationWithdrawn()).when(takeInvitation, of('p1')).rejects('token-invalid');
    given(projectCreated(), invitationMade()).when(takeInvitation, of('p1')).rejects('token-invalid');
    given(projectCreated(), open).when(takeInvitation, of('p2')).rejects('token-invalid');
    given(projectCreated(), open, ada, memberRemoved()).when(takeInvitation, of('p1')).rejects('token-invalid');
  });
});

describe('Another role', () => {
  it('is a member’s from then on, or of who was invited; the same changes nothing', () => {
    const asked = { ...of('p1'), role: 'analyst' } as const;
    given(projectCreated(), ada, bob).when(changeMemberRole, asked).then(memberRoleChanged());
    given(projectCreated(), ada, bob, memberRoleChanged()).when(changeMemberRole, asked).then();
    given(projectCreated(), open)
      .when(changeMemberRole, { ...asked, role: 'operator' })
      .then({ ...open, data: { ...open.data, role: 'operator' } });
    given(projectCreated(), open).when(changeMemberRole, asked).then();
  });

  it('is rejected of the last admin, and of strangers', () => {
    const asked = { ...of('p1'), role: 'manager' } as const;
    given(projectCreated(), ada).when(changeMemberRole, asked).rejects('last-admin');
    given(projectCreated(), ada, memberAdded({ personId: 'p2', role: 'manager' }))
      .when(changeMemberRole, asked)
      .rejects('last-admin');
    given(projectCreated(), ada)
      .when(changeMemberRole, { ...asked, personId: 'p2' })
      .rejects('person-unknown');
    given(projectCreated(), invitationMade()).when(changeMemberRole, asked).rejects('person-unknown');
  });
});

describe('Removing', () => {
  it('ends a membership, or withdraws an invitation', () => {
    given(projectCreated(), ada, bob).when(removeMember, of('p1')).then(memberRemoved());
    given(projectCreated(), open).when(removeMember, of('p1')).then(invitationWithdrawn());
  });

  it('is rejected of the last admin, though another one is invited, and of strangers', () => {
    given(projectCreated(), ada).when(removeMember, of('p1')).rejects('last-admin');
    given(projectCreated(), ada, invitationMade({ personId: 'p2', role: 'admin', until: days(7) }))
      .when(removeMember, of('p1'))
      .rejects('last-admin');
    given(projectCreated(), ada).when(removeMember, of('p2')).rejects('person-unknown');
  });
});

const anyone = fc.constantFrom('p1', 'p2', 'p3');
const role = fc.constantFrom(...roles);
const asked = fc.oneof(
  fc.record({ command: fc.constant('invite' as const), personId: anyone, role }),
  fc.record({ command: fc.constant('change' as const), personId: anyone, role }),
  fc.record({ command: fc.constantFrom('take' as const, 'remove' as const), personId: anyone, role }),
);

const decide = (
  state: ProjectState,
  { command, personId, role: to }: typeof asked extends fc.Arbitrary<infer T> ? T : never,
) => {
  const [about, context] = [{ ...of(personId) }, { now: new Date(at) }];
  switch (command) {
    case 'invite':
      return inviteMember.decide(state, { ...about, role: to }, context);
    case 'change':
      return changeMemberRole.decide(state, { ...about, role: to }, context);
    case 'take':
      return takeInvitation.decide(state, about, context);
    case 'remove':
      return removeMember.decide(state, about, context);
  }
};

describe('Whatever is asked, in whatever order', () => {
  it('a project that a person began keeps an admin, and nobody is a member and invited at once', () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 40 }), (all) => {
        const begun: readonly ProjectEvent[] = [projectCreated(), ada];
        const state = all.reduce(
          (before, each) => {
            try {
              return decide(before, each).reduce(project.evolve, before);
            } catch (error) {
              if (error instanceof Rejection) return before;
              throw error;
            }
          },
          begun.reduce(project.evolve, project.initial),
        );
        expect(state.members.some(({ role: held }) => held === 'admin')).toBe(true);
        const invited = openInvitations(state, new Date(at)).map(({ personId }) => personId);
        expect(invited.filter((personId) => state.members.has(personId))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
