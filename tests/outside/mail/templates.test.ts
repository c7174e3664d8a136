import { describe, expect, it } from 'vitest';
import { mailKinds } from '../../../src/domain/people/address-events.ts';
import { messageOf } from '../../../src/outside/mail/message.ts';
import { mailText } from '../../../src/outside/mail/templates.ts';

const publicUrl = 'https://leads.example.com';
const token = 'abc_-123';

describe('A mail', () => {
  it.each([
    ['verification', 'Verify your address for Leadfold', `${publicUrl}/console/verify-email#token=${token}`],
    ['reset', 'Choose a new password for Leadfold', `${publicUrl}/console/reset-password#token=${token}`],
    ['invitation', 'You are invited to a project at Leadfold', `${publicUrl}/console/accept-invitation#token=${token}`],
    ['already-registered', 'You are registered at Leadfold already', `${publicUrl}/console/sign-in`],
    ['password-changed', 'Your password for Leadfold was changed', `${publicUrl}/console/sign-in`],
  ] as const)('of each kind says in text and in HTML what to do and where: %s', (kind, subject, link) => {
    const mail = mailText({ kind, publicUrl, token: link.includes('#') ? token : undefined, project: 'Acme' });
    expect(mail.subject).toBe(subject);
    expect(mail.text.split('\n')).toContain(link);
    expect(mail.html).toContain(`<a href="${link}">`);
    // Both say the same.
    const said = mail.html.replace(/<title>.*?<\/title>|<a [^]*?<\/a>|<[^>]+>/g, '').replaceAll('&#34;', '"');
    expect(said.split(/\s+/).filter(Boolean)).toEqual(mail.text.split(/\s+/).filter(Boolean));
    expect(mail.text).toMatch(/^[\x20-\x7e\n]+$/);
  });

  it('has no kind that is not here', () => {
    for (const kind of mailKinds) expect(mailText({ kind, publicUrl }).text).toContain('Leadfold');
  });

  it('has what somebody gave as text on one line, and never as a header', () => {
    const project = 'Acme\r\nBcc: eve\u2028<script>alert("1")</script>\u202E';
    const { subject, text, html } = mailText({ kind: 'invitation', publicUrl, token, project });
    expect(subject).toBe('You are invited to a project at Leadfold');
    expect(text).toContain(`the project "Acme Bcc: eve <script>alert('1')</script>" at`);
    expect(html).not.toContain('<script>');
  });

  it.each([
    'Your account is locked: https://evil.example/unlock',
    'Go to evil.example',
    'Write to eve@evil',
    'See evil．example',
  ])('repeats no name that leads somewhere: %s', (project) => {
    const { text, html } = mailText({ kind: 'invitation', publicUrl, token, project });
    for (const said of [text, html]) expect(said).not.toMatch(/evil/);
    expect(text).toContain('You are invited to a project at Leadfold.');
  });

  it('repeats no more of a name than a name has', () => {
    const { text } = mailText({ kind: 'invitation', publicUrl, token, project: 'Acme v1.2 '.repeat(20) });
    expect(text).toContain(`the project "${'Acme v1.2 '.repeat(20).slice(0, 64)}" at Leadfold`);
  });

  it('has an address as an address, whatever it is, and an id that does not change', () => {
    const mail = { mailId: 'm1', subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' };
    const from = 'Leads <leads@example.com>';
    const to = 'ada@example.com>, <eve@example.com';
    const message = messageOf(from, { ...mail, to });
    expect(message).toMatchObject({ to: { name: '', address: to }, messageId: '<m1@example.com>' });
    expect(messageOf(from, { ...mail, to }).messageId).toBe(message.messageId);
  });
});
