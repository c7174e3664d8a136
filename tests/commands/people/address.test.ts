import { describe, expect, it } from 'vitest';
import { acceptInvitation } from '../../../src/commands/people/accept-invitation.ts';
import { changePassword } from '../../../src/commands/people/change-password.ts';
import { describePerson } from '../../../src/commands/people/describe-person.ts';
import { endSessions } from '../../../src/commands/people/end-sessions.ts';
import { forgetToken } from '../../../src/commands/people/forget-token.ts';
import { inviteAddress } from '../../../src/commands/people/invite-address.ts';
import { registerAddress } from '../../../src/commands/people/register-address.ts';
import { requestMail } from '../../../src/commands/people/request-mail.ts';
import { resetPassword } from '../../../src/commands/people/reset-password.ts';
import { settleMail } from '../../../src/commands/people/settle-mail.ts';
import { verifyAddress } from '../../../src/commands/people/verify-address.ts';
import type { AddressEvent } from '../../../src/domain/people/address-events.ts';
import { address, addressIdOf, emailAddress } from '../../../src/domain/people/address.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const email = 'ada@example.com';
const addressId = addressIdOf(email);
const at = noon.toISOString();
const later = (ms: number): string => new Date(noon.getTime() + ms).toISOString();
const [minute, hour, day] = [60_000, 3_600_000, 24 * 3_600_000];

type DataOf<T extends AddressEvent['type']> = Extract<AddressEvent, { type: T }>['data'];

const taken = { type: 'AddressTaken', data: { email, personId: 'ada', at } } as const;
const mail = (data: Partial<DataOf<'MailRequested'>> = {}) =>
  ({
    type: 'MailRequested',
    data: { mailId: 'm1', kind: 'verification', at, until: later(day), ...data },
  }) as const;
const registered = mail({ hash: 'h1', withPassword: true });
const verified = { type: 'AddressVerified', data: { tokenId: 'm1', credentialId: 'm1', at } } as const;
const reset = mail({ mailId: 'm2', kind: 'reset', hash: 'h2', until: later(60 * minute) });
const invited = mail({ mailId: 'm3', kind: 'invitation', hash: 'h3', until: later(7 * day), projectId: 'acme' });

const registering = { addressId, email, personId: 'ada', mailId: 'm1', hash: 'h1' };

describe('Registering an address', () => {
  it('takes it, and has a mail sent with a token that holds for a day', () => {
    given()
      .when(registerAddress, { ...registering, name: 'Ada' })
      .then(taken, mail({ hash: 'h1', withPassword: true, name: 'Ada' }));
  });

  it('that is somebody’s has one more mail sent, whose it stays', () => {
    given(taken, registered)
      .when(registerAddress, { ...registering, personId: 'eve', mailId: 'm9', hash: 'h9' })
      .then(mail({ mailId: 'm9', hash: 'h9', withPassword: true }));
  });

  it('that is verified has its owner told, by a mail without a token', () => {
    given(taken, registered, verified)
      .when(registerAddress, { ...registering, mailId: 'm9', hash: 'h9', name: 'Eve' })
      .then(mail({ mailId: 'm9', kind: 'already-registered', withPassword: true }));
  });

  it('has no mail sent when there were three in an hour, of whatever kinds, and is recorded as if there was one', () => {
    const full = [taken, registered, reset, reset] as const;
    const [last, over] = [hour - 1, hour].map((ms) => new Date(noon.getTime() + ms));
    const { mailId } = registering;
    const withheld = { type: 'MailWithheld', data: { mailId, kind: 'verification', at } } as const;
    given(...full)
      .when(registerAddress, registering)
      .then(withheld);
    given(...full)
      .when(registerAddress, registering, { now: last! })
      .then({ type: 'MailWithheld', data: { mailId, kind: 'verification', at: last!.toISOString() } });
    expect(
      given(...full)
        .when(registerAddress, registering, { now: over! })
        .facts()
        .map(({ type }) => type),
    ).toEqual(['MailRequested']);
    // As often as where nobody has it: mails that only who has an account is sent make no difference.
    given(taken, registered, withheld, invited).when(registerAddress, registering).then();
    given(taken, reset, reset, reset, withheld, withheld, withheld).when(registerAddress, registering).then();
  });
});

describe('Verifying an address', () => {
  const verifying = { addressId, hash: 'h1' };

  it('puts the password in force that came with the token, and no other', () => {
    given(taken, registered).when(verifyAddress, verifying).then(verified);
    given(taken, mail({ hash: 'h1', name: 'Ada' }))
      .when(verifyAddress, verifying)
      .then({ type: 'AddressVerified', data: { tokenId: 'm1', name: 'Ada', at } });
  });

  it('again changes nothing, as long as the token would hold', () => {
    given(taken, registered, verified).when(verifyAddress, verifying).then();
    given(taken, registered, verified)
      .when(verifyAddress, verifying, { now: new Date(later(day)) })
      .rejects('token-invalid');
  });

  it('is rejected for a token that is none, of something else, too old, or of another registration by now', () => {
    given(taken, registered).when(verifyAddress, { addressId, hash: 'h9' }).rejects('token-invalid');
    given(taken, reset).when(verifyAddress, { addressId, hash: 'h2' }).rejects('token-invalid');
    given(taken, registered)
      .when(verifyAddress, verifying, { now: new Date(later(day)) })
      .rejects('token-invalid');
    given(taken, registered, mail({ mailId: 'm9', hash: 'h9', withPassword: true }), verified)
      .when(verifyAddress, { addressId, hash: 'h9' })
      .rejects('token-invalid');
  });
});

describe('A mail', () => {
  it('verifies who is not verified, and lets anybody known choose a password', () => {
    const asking = { addressId, mailId: 'm2', hash: 'h2' };
    given(taken)
      .when(requestMail, { ...asking, kind: 'verification' })
      .then(mail({ mailId: 'm2', hash: 'h2' }));
    given(taken, registered, verified)
      .when(requestMail, { ...asking, kind: 'verification' })
      .then();
    given(taken, registered, verified)
      .when(requestMail, { ...asking, kind: 'reset' })
      .then(reset);
    given()
      .when(requestMail, { ...asking, kind: 'reset' })
      .then();
  });

  it('is settled once', () => {
    const settling = { addressId, mailId: 'm1', outcome: 'sent' } as const;
    const settled = { type: 'MailSettled', data: { mailId: 'm1', outcome: 'sent', at } } as const;
    given(taken, registered).when(settleMail, settling).then(settled);
    given(taken, registered, settled).when(settleMail, settling).then();
  });

  it('that a password came with is forgotten once', () => {
    const forgetting = { addressId, tokenId: 'm1' };
    const forgotten = { type: 'TokenForgotten', data: { tokenId: 'm1' } } as const;
    given(taken, registered).when(forgetToken, forgetting).then(forgotten);
    given(taken, registered, forgotten).when(forgetToken, forgetting).then();
    given(taken, reset).when(forgetToken, { addressId, tokenId: 'm2' }).then();
  });
});

describe('Choosing another password', () => {
  const choosing = { addressId, hash: 'h2', credentialId: 'c2', mailId: 'm8' };
  const told = mail({ mailId: 'm8', kind: 'password-changed' });
  const set = { type: 'PasswordSet', data: { tokenId: 'm2', credentialId: 'c2', at } } as const;

  it('takes a token once, and its owner is told', () => {
    given(taken, registered, verified, reset).when(resetPassword, choosing).then(set, told);
    given(taken, registered, verified, reset, set).when(resetPassword, choosing).rejects('token-invalid');
    given(taken, registered, verified, reset)
      .when(resetPassword, choosing, { now: new Date(later(60 * minute)) })
      .rejects('token-invalid');
  });

  it('verifies an address that was not, and voids what else was sent', () => {
    const done = { type: 'AddressVerified', data: { tokenId: 'm2', credentialId: 'c2', at } } as const;
    given(taken, registered, reset).when(resetPassword, choosing).then(done, told);
    given(taken, registered, reset, done).when(verifyAddress, { addressId, hash: 'h1' }).rejects('token-invalid');
  });

  it('by who knows the one before spares the session that asks, and voids what was sent', () => {
    const changing = { addressId, proved: 'm1', credentialId: 'c2', sessionId: 's1', mailId: 'm8' };
    const changed = { type: 'PasswordSet', data: { credentialId: 'c2', spares: 's1', at } } as const;
    given(taken, registered, verified).when(changePassword, changing).then(changed, told);
    given(taken, registered, verified, changed).when(changePassword, changing).rejects('credentials-invalid');
    given(taken, registered, verified, reset, changed).when(resetPassword, choosing).rejects('token-invalid');
  });

  it('or leaving everywhere begins another epoch', () => {
    const facts: readonly AddressEvent[] = [taken, registered, verified];
    const before = facts.reduce(address.evolve, address.initial);
    const ended = { type: 'SessionsEnded', data: { at } } as const;
    given(taken).when(endSessions, { addressId }).then(ended);
    given().when(endSessions, { addressId }).then();
    expect(address.evolve(before, ended).epoch).toBe(before.epoch + 1);
    expect(address.evolve(before, set)).toMatchObject({ epoch: before.epoch + 1, spared: undefined });
  });
});

describe('An invitation', () => {
  const inviting = { addressId, email, personId: 'ada', mailId: 'm3', hash: 'h3', projectId: 'acme' };
  const accepted = { type: 'InvitationAccepted', data: { tokenId: 'm3', projectId: 'acme', at } } as const;
  const accepting = { addressId, hash: 'h3', credentialId: 'c3', name: 'Ada' };

  it('takes an address that is nobody’s, also when no mail may be sent any more', () => {
    given().when(inviteAddress, inviting).then(taken, invited);
    given(taken)
      .when(inviteAddress, { ...inviting, personId: 'eve' })
      .then(invited);
    given(taken, registered, registered, registered).when(inviteAddress, inviting).then();
  });

  it('lets in the password that comes with it, and none that was there before the address was verified', () => {
    given(taken, registered, invited)
      .when(acceptInvitation, accepting)
      .then({ type: 'AddressVerified', data: { tokenId: 'm3', credentialId: 'c3', name: 'Ada', at } }, accepted);
    const facts: readonly AddressEvent[] = [taken, registered, invited];
    const bare = { type: 'AddressVerified', data: { tokenId: 'm3', at } } as const;
    given(taken, registered, invited).when(acceptInvitation, { addressId, hash: 'h3' }).then(bare, accepted);
    const after = [...facts, bare, accepted].reduce(address.evolve, address.initial);
    expect([after.credentialId, after.tokens, after.taken.map(({ tokenId }) => tokenId)]).toEqual([
      undefined,
      [],
      ['m3'],
    ]);
  });

  it('leaves the password of who has one, and sets it for who has none', () => {
    given(taken, registered, verified, invited).when(acceptInvitation, accepting).then(accepted);
    const bare = { type: 'AddressVerified', data: { tokenId: 'm1', at } } as const;
    given(taken, registered, bare, invited)
      .when(acceptInvitation, accepting)
      .then({ type: 'PasswordSet', data: { tokenId: 'm3', credentialId: 'c3', at } }, accepted);
  });

  it('is taken once, within a week', () => {
    given(taken, invited, accepted).when(acceptInvitation, accepting).then();
    given(taken, invited)
      .when(acceptInvitation, accepting, { now: new Date(later(7 * day)) })
      .rejects('token-invalid');
    given(taken, invited).when(acceptInvitation, { addressId, hash: 'h1' }).rejects('token-invalid');
    given(taken, reset).when(acceptInvitation, { addressId, hash: 'h2' }).rejects('token-invalid');
  });
});

describe('A person', () => {
  it('is described once, and named when they say so', () => {
    const described = { personId: 'ada', addressId };
    const added = { type: 'PersonAdded', data: { addressId, at } } as const;
    const named = { type: 'PersonNamed', data: { name: 'Ada' } } as const;
    given()
      .when(describePerson, { ...described, name: 'Ada' })
      .then(added, named);
    given(added, named)
      .when(describePerson, { ...described, name: 'Ada' })
      .then();
    given(added).when(describePerson, described).then();
  });
});

describe('An address', () => {
  it.each([' Ada@Example.COM ', 'mailto:ada@example.com', 'ada@example.com'])(
    'is the same however it is written: %s',
    (text) => {
      expect(addressIdOf(emailAddress.parse(text))).toBe('ecb65bbd-bf96-5efc-a416-24f0a822f121');
    },
  );

  it.each([
    'ada',
    'ada@',
    'ada@localhost',
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@example.com,eve@example.com',
    '"ada eve"@example.com',
    'Ada <ada@example.com>',
    `${'a'.repeat(250)}@example.com`,
  ])('is not %s', (text) => {
    expect(emailAddress.safeParse(text).success).toBe(false);
  });
});
