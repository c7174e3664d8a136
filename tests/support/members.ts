import { describePerson } from '../../src/commands/people/describe-person.ts';
import { inviteAddress } from '../../src/commands/people/invite-address.ts';
import { settleMail } from '../../src/commands/people/settle-mail.ts';
import { inviteMember } from '../../src/commands/projects/invite-member.ts';
import { takeInvitation } from '../../src/commands/projects/take-invitation.ts';
import type { Role } from '../../src/domain/people/roles.ts';
import { address, addressIdOf } from '../../src/domain/people/address.ts';
import type { Engine } from '../../src/flows/engine.ts';
import type { People } from '../../src/flows/people/people.ts';
import { bearer } from './client.ts';
import { request } from './engine.ts';

type Inside = {
  readonly engine: Pick<Engine, 'handle' | 'states'>;
  readonly people: Pick<People, 'personFor' | 'start' | 'startConsole'>;
};

const asking = { correlationId: 'test', actor: 'test' };

/** A person who has shown nothing yet but that they are somebody, with sessions as many as a test wants. */
export const personOf = async ({ people, engine }: Inside, email: string) => {
  const [personId, addressId] = [await people.personFor(email), addressIdOf(email)];
  const [projectId, mailId, hash] = ['none', `mail-${addressId}`, 'none'];
  const invited = { addressId, email, personId, mailId, hash, projectId };
  await engine.handle(inviteAddress, invited, request(`invite-${email}`));
  // No mail of it is to be sent.
  const settled = { addressId, mailId, outcome: 'expired' } as const;
  await engine.handle(settleMail, settled, request(`settle-${email}`));
  await engine.handle(describePerson, { personId, addressId }, request(`describe-${email}`));
  const signing = async () => {
    const { epoch } = (await engine.states.refresh(address, addressId)).state;
    return { personId, addressId, epoch };
  };
  return {
    personId,
    email,
    /** A new session: what it sends, by an access token. */
    signIn: async () => bearer((await people.start(await signing(), asking)).accessToken),
    /** A new session of the console: its cookie. */
    openConsole: async () => people.startConsole({ person: await signing() }, asking),
  };
};
export type Person = Awaited<ReturnType<typeof personOf>>;

/** A member of a project, as if they had been invited and had come. */
export const memberOf = async (
  inside: Inside,
  { projectId, email, role }: { readonly projectId: string; readonly email: string; readonly role: Role },
): Promise<Person> => {
  const person = await personOf(inside, email);
  const { personId } = person;
  await inside.engine.handle(inviteMember, { projectId, personId, role }, request(`invite-${projectId}-${email}`));
  await inside.engine.handle(takeInvitation, { projectId, personId }, request(`take-${projectId}-${email}`));
  return person;
};
