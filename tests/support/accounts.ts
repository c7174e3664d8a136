import { expect } from 'vitest';
import type { TestApp } from './app.ts';
import type { Answer, Json } from './client.ts';
import { bearer, mustBe } from './client.ts';
import type { ReadMail } from './mails.ts';
import { mailsTo } from './mails.ts';

/** A password that nobody else has. */
export const password = 'correct horse battery staple';

/** What tests do with accounts over HTTP. */
export const accountsOver = (app: () => TestApp) => {
  const post = (path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    app().transport({ method: 'POST', path: `/api/auth/${path}`, body, headers });

  /** The mails to an address, with those that were asked for by now. */
  const mails = async (email: string): Promise<readonly ReadMail[]> => {
    await app().settled();
    return mailsTo(app().dataDir, email);
  };

  /** The token of the last mail to an address. */
  const token = async (email: string): Promise<string> => {
    const found = (await mails(email)).at(-1)?.token;
    expect(found, `a token mailed to ${email}`).toBeDefined();
    return found ?? '';
  };

  const register = async (email: string, given: { readonly password?: string; readonly name?: string } = {}) =>
    mustBe(await post('register', { email, password, ...given }), 202);

  return {
    post,
    mails,
    token,
    register,
    /** Registers somebody who follows the link. */
    verified: async (email: string, given: { readonly password?: string; readonly name?: string } = {}) => {
      await register(email, given);
      mustBe(await post('verify-email', { token: await token(email) }), 200);
    },
    login: async (email: string, secret = password): Promise<Json> =>
      mustBe(await post('login', { email, password: secret }), 200).body,
    me: (accessToken: string): Promise<Answer> =>
      app().transport({ method: 'GET', path: '/api/auth/me', headers: bearer(accessToken) }),
  };
};
