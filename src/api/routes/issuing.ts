import { createHmac } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { issueKey } from '../../commands/projects/issue-key.ts';
import type { Key } from '../../domain/projects/project.ts';
import { rootName } from '../http/caller.ts';
import { hashOf, keyText } from '../http/key.ts';
import { Problem } from '../http/problems.ts';
import { idempotencyKeyOf, requestOf } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Makes the random texts of a request, 32 letters and digits each. With an Idempotency-Key they are made of it and of the
 * root key, so that a retry can be told a secret that is stored nowhere.
 */
export const making = (
  { newSecret, adminKey }: ApiContext,
  request: FastifyRequest,
  purpose: string,
): ((name: string) => string) => {
  const key = idempotencyKeyOf(request);
  if (key === undefined) return () => newSecret();
  const { projectId = '', name: caller } = request.caller;
  // What was made for the root key so far stays what it was.
  const whose = caller === rootName ? '' : caller;
  return (name) =>
    [
      ...createHmac('sha512', adminKey)
        .update(JSON.stringify([purpose, projectId, whose, key, name]))
        .digest(),
    ]
      .slice(0, 32)
      .map((byte) => alphabet.charAt(byte % alphabet.length))
      .join('');
};

/** An id of 12 of a-z and 0-9 out of a random text. */
export const idOf = (text: string): string => text.toLowerCase().slice(0, 12);

type Issued = { readonly key: string; readonly issued: Key; readonly position: number };

/** A key to be issued; `part` names it where a request issues several. */
type Wanted = {
  readonly projectId: string;
  readonly name: string;
  readonly scopes: Key['scopes'];
  readonly origins?: string[] | undefined;
  readonly part?: string;
};

/**
 * Issues a key of a project. The key's text is told here and never again, but to a retry with the same Idempotency-Key.
 * Throws a `Problem` when that key can't be told any more.
 */
export const issue = async (
  { engine }: ApiContext,
  request: FastifyRequest,
  made: (name: string) => string,
  { part, ...input }: Wanted,
): Promise<Issued> => {
  const { projectId } = input;
  const keyId = idOf(made('key id'));
  const key = keyText({ projectId, keyId, secret: made('secret') });
  const hash = hashOf(key).toString('hex');
  const asked = requestOf(request, part === undefined ? issueKey.name : `${issueKey.name}/${part}`);
  const { events, position } = await engine.handle(issueKey, { ...input, keyId, hash }, asked);
  const issued = events.flatMap((event) => (event.type === 'KeyIssued' ? [event.data] : []))[0];
  if (issued?.hash === hash) return { key, issued, position };
  throw new Problem('idempotency-key-reused', 'What was issued then can not be shown again; send another one');
};
