import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Scalar } from '../../readmodels/queries.ts';
import { Problem } from './problems.ts';
import type { ApiContext } from './context.ts';

const place = z.array(z.union([z.string(), z.number()])).min(1);

const sealOf = ({ adminKey }: ApiContext, scope: string, text: string): Buffer => {
  const key = createHmac('sha256', adminKey).update('cursor').digest();
  return createHmac('sha256', key)
    .update(JSON.stringify([scope, text]))
    .digest();
};

/** Where the next page begins, sealed. `scope` is what the cursor is for: the project, the path and the filters. */
export const encodeCursor = (api: ApiContext, scope: string, after: readonly Scalar[]): string => {
  const text = Buffer.from(JSON.stringify(after)).toString('base64url');
  return `${text}.${sealOf(api, scope, text).toString('base64url')}`;
};

/** Where a list takes its cursor, and which one. */
const ofList = { pointer: '/cursor', advice: 'Send the nextCursor of the page before, with the same filters, or none' };

/** The place a cursor of the same scope was made of. Throws a `Problem` when it was changed or made for another query. */
export const decodeCursor = (
  api: ApiContext,
  scope: string,
  cursor: string,
  { pointer, advice } = ofList,
): readonly Scalar[] => {
  const [text = '', seal = ''] = cursor.split('.', 2);
  const expected = sealOf(api, scope, text);
  const given = Buffer.from(seal, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected) || cursor.split('.').length !== 2) {
    throw new Problem('invalid-cursor', advice, { errors: [{ pointer, detail: 'Is not a cursor of this list' }] });
  }
  return place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
};
