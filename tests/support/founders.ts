import { accountsOver, password } from './accounts.ts';
import { openTestApp } from './app.ts';
import type { Answer } from './client.ts';
import { bearer, mustBe } from './client.ts';

/** An app in which anybody may register, and what persons do there. */
export const withFounders = async () => {
  const app = await openTestApp({ env: { SIGN_UP: 'open' } });
  const accounts = accountsOver(() => app);
  const ask = (method: string, path: string, token: string, body?: unknown, headers: object = {}): Promise<Answer> =>
    app.transport({ method, path, headers: { ...bearer(token), ...headers }, ...(body !== undefined && { body }) });
  const signUp = async (email: string) => {
    await accounts.verified(email);
    const { accessToken, person } = await accounts.login(email);
    return { token: accessToken as string, personId: person.personId as string, email };
  };
  /** Somebody with a project of theirs. */
  const founder = async () => {
    const ada = await signUp('ada@example.com');
    const { projectId, apiKey } = mustBe(await ask('POST', '/api/projects', ada.token, { name: 'Acme' }), 201).body;
    return {
      ...ada,
      projectId: projectId as string,
      apiKey: apiKey as string,
      members: `/api/projects/${projectId}/members`,
    };
  };
  /** Invites somebody, and gives the token that they were mailed. */
  const invited = async (by: { readonly token: string; readonly members: string }, email: string, role: string) => {
    mustBe(await ask('POST', by.members, by.token, { email, role }), 201);
    return accounts.token(email);
  };
  const accept = (token: string, more: object = { password }) =>
    app.transport({ method: 'POST', path: '/api/auth/accept-invitation', body: { token, ...more } });
  return Object.assign(app, { accounts, ask, signUp, founder, invited, accept });
};
