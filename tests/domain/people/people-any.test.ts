import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acceptInvitation } from '../../../src/commands/people/accept-invitation.ts';
import { changePassword } from '../../../src/commands/people/change-password.ts';
import { inviteAddress } from '../../../src/commands/people/invite-address.ts';
import { refreshSession } from '../../../src/commands/people/refresh-session.ts';
import { registerAddress } from '../../../src/commands/people/register-address.ts';
import { requestMail } from '../../../src/commands/people/request-mail.ts';
import { resetPassword } from '../../../src/commands/people/reset-password.ts';
import { verifyAddress } from '../../../src/commands/people/verify-address.ts';
import type { AddressEvent } from '../../../src/domain/people/address-events.ts';
import type { AddressState } from '../../../src/domain/people/address.ts';
import { address, mailsAnHour } from '../../../src/domain/people/address.ts';
import { session } from '../../../src/domain/people/session.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { noon } from '../../support/noon.ts';

const [addressId, email] = ['a1', 'ada@example.com'];

/** What somebody does: who it is may be anybody, with any of the tokens that were ever sent. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      'register',
      'register',
      'verify',
      'verify',
      'register',
      'resend',
      'forget',
      'invite',
      'verify',
      'accept',
      'accept-bare',
      'reset',
      'change',
    ),
    token: fc.nat(4),
    minutes: fc.constantFrom(0, 1, 30, 61, 25 * 60),
  }),
  { maxLength: 40 },
);

type Step = { readonly what: string; readonly token: number };

const decided = (state: AddressState, { what, token }: Step, id: string, now: Date): readonly AddressEvent[] => {
  const mail = { addressId, mailId: id, hash: `hash of ${id}` };
  const hash = `hash of ${token}`;
  const [context, person] = [{ now }, { email, personId: `person ${id}` }];
  switch (what) {
    case 'register':
      return registerAddress.decide(state, { ...mail, ...person }, context);
    case 'invite':
      return inviteAddress.decide(state, { ...mail, ...person, projectId: 'acme' }, context);
    case 'resend':
      return requestMail.decide(state, { ...mail, kind: 'verification' }, context);
    case 'forget':
      return requestMail.decide(state, { ...mail, kind: 'reset' }, context);
    case 'verify':
      return verifyAddress.decide(state, { addressId, hash }, context);
    case 'accept':
      return acceptInvitation.decide(state, { addressId, hash, credentialId: `given ${id}` }, context);
    case 'accept-bare':
      return acceptInvitation.decide(state, { addressId, hash }, context);
    case 'reset':
      return resetPassword.decide(state, { addressId, hash, credentialId: `given ${id}`, mailId: id }, context);
    default:
      return changePassword.decide(
        state,
        { addressId, proved: state.credentialId ?? '', credentialId: `given ${id}`, sessionId: 's1', mailId: id },
        context,
      );
  }
};

const orNothing = (decide: () => readonly AddressEvent[]): readonly AddressEvent[] => {
  try {
    return decide();
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
};

it('Whatever happens to an address: it stays one person’s, a token does one thing once, and no password is in force that nobody proved', () => {
  fc.assert(
    fc.property(steps, (all) => {
      let state = address.initial;
      let now = noon.getTime();
      const facts: AddressEvent[] = [];
      const sent: string[] = [];
      for (const [index, { what, token, minutes }] of all.entries()) {
        now += minutes * 60_000;
        const before = state;
        const id = sent.length.toString();
        const step = { what, token };
        const some = orNothing(() => decided(before, step, id, new Date(now)));
        state = some.reduce(address.evolve, state);
        facts.push(...some);
        if (some.some(({ type }) => type === 'MailRequested')) sent.push(id);

        expect(state.epoch).toBeGreaterThanOrEqual(before.epoch);
        if (before.personId !== undefined) expect(state.personId).toBe(before.personId);
        if (before.verified) expect(state.verified).toBe(true);
        if (state.credentialId !== before.credentialId) {
          expect(state.epoch).toBe(before.epoch + 1);
          // By the token that it came with, or by who gives it here and now.
          const with_ = what === 'verify' ? String(token) : `given ${id}`;
          if (state.credentialId !== undefined) expect([index, state.credentialId]).toEqual([index, with_]);
        }
        // Who is verified, and has a password, is not given another by an old registration or an invitation.
        if (before.verified && before.credentialId !== undefined && !['reset', 'change'].includes(what))
          expect(state.credentialId).toBe(before.credentialId);
      }
      const times = facts.flatMap((fact) => (fact.type === 'MailRequested' ? [Date.parse(fact.data.at)] : []));
      for (const [index, time] of times.entries())
        expect((times[index + mailsAnHour] ?? Infinity) - time).toBeGreaterThanOrEqual(3_600_000);
      const used = facts.flatMap((fact) => {
        if (fact.type === 'AddressVerified' || fact.type === 'InvitationAccepted')
          return [`${fact.type} ${fact.data.tokenId}`];
        return fact.type === 'PasswordSet' && fact.data.tokenId !== undefined ? [`set ${fact.data.tokenId}`] : [];
      });
      expect(new Set(used).size).toBe(used.length);
      expect(facts.filter(({ type }) => type === 'AddressVerified').length).toBeLessThanOrEqual(1);
      expect(facts.filter(({ type }) => type === 'AddressTaken').length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

it('Whatever tokens of a session come, in whatever order: each does something once, and one that comes twice is the last', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6), { maxLength: 20 }), (generations) => {
      const begun = { kind: 'tokens', personId: 'ada', addressId, epoch: 1, at: noon.toISOString() } as const;
      let state = session.evolve(session.initial, { type: 'SessionStarted', data: begun });
      const used = new Set<number>();
      let over = false;
      for (const generation of generations) {
        const input = { sessionId: '019c0f6e-8a4b-7000-8e1f-3a5b7c9d1e32', generation };
        const facts = refreshSession.decide(state, input, { now: noon });
        state = facts.reduce(session.evolve, state);
        const [fact] = facts;
        if (fact?.type === 'SessionRefreshed') {
          expect([over, used.has(generation), fact.data.generation]).toEqual([false, false, generation + 1]);
          used.add(generation);
        } else {
          if (used.has(generation)) over = true;
        }
        expect(state.ended).toBe(over);
      }
    }),
  );
});
