import { createHash } from 'node:crypto';
import type { Identifier } from '../../domain/identity/identity.ts';
import { identifierKey, normalized } from '../../domain/identity/identity.ts';
import type { WayIn } from '../../domain/sources/reject.ts';
import { rejectIdOf, rejectLimits } from '../../domain/sources/reject.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import type { Refused } from '../../flows/keep-rejects.ts';
import { keepRejects } from '../../flows/keep-rejects.ts';
import type { ApiContext } from '../http/context.ts';
import { maxDepth } from '../http/json.ts';
import { listedFaults } from './answer.ts';
import type { Faulty } from './item.ts';
import { reasonOf } from './refusals.ts';

/** By which way a request came, when, and what it is called when it comes again, if it is called something. */
export type CameBy = {
  readonly via: WayIn;
  readonly sourceId?: string;
  readonly receivedAt: Date;
  readonly name?: string;
};

/** An item as it was sent, or all of a webhook (`whole`); `text` is what is not JSON. */
export type Sent =
  { readonly form: 'item' | 'whole'; readonly value: unknown } | { readonly form: 'text'; readonly value: string };

/** How much is looked through for addresses, how many of them count, and how long one may be, in characters. */
const looking = { ats: 100, persons: 20, part: 254 } as const;

const inAddress = /[^\s"'<>()[\]{},;:@\\]/;

/** Whatever looks like an email address in a text. */
const addressesIn = (text: string): readonly string[] => {
  const found: string[] = [];
  let at = text.indexOf('@');
  for (let looked = 0; at !== -1 && looked < looking.ats; looked++) {
    let [begin, end] = [at, at + 1];
    while (begin > 0 && at - begin < looking.part && inAddress.test(text.charAt(begin - 1))) begin--;
    while (end < text.length && end - at < looking.part && inAddress.test(text.charAt(end))) end++;
    if (begin < at && end > at + 1) found.push(text.slice(begin, end));
    at = text.indexOf('@', end);
  }
  return found;
};

/** Whom a reject names, each as SHA-256 in hex of the project and the identifier. */
const personsIn = (projectId: string, { identifiers, unresolved = [] }: Faulty, body: string): string[] => {
  const named: readonly Identifier[] = [
    ...(identifiers ?? []),
    ...unresolved.flatMap(({ candidates }) => candidates.map(normalized)),
    ...addressesIn(body).map((value) => normalized({ kind: 'email', value })),
  ];
  const keys = [...new Set(named.map(identifierKey))].slice(0, looking.persons);
  return keys.map((key) =>
    createHash('sha256')
      .update(JSON.stringify([projectId, key]))
      .digest('hex'),
  );
};

/** An item without the keys that may stand in it, if it is `keyed`, and without what nests deeper than JSON can be written. */
const keepable = (value: unknown, keyed: boolean): { readonly kept: unknown; readonly whole: boolean } => {
  let whole = true;
  const within = (part: unknown, levels: number): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    if (levels === 0) {
      whole = false;
      return null;
    }
    if (Array.isArray(part)) return part.map((each) => within(each, levels - 1));
    const members = Object.entries(part).filter(([name]) => !keyed || name !== 'writeKey');
    return Object.fromEntries(members.map(([name, each]) => [name, within(each, levels - 1)]));
  };
  const kept = within(value, maxDepth);
  return { kept, whole };
};

/** Empties the keys that stand in what is not JSON, as far as they are written the usual way. */
const withEmptyKeys = (text: string): string => text.replace(/("writeKey"[ \t]{0,16}:[ \t]{0,16}")[^"]*/g, '$1');

/** The beginning of a text, of so many bytes in UTF-8 at most. */
const firstBytes = (text: string, most: number): string =>
  Buffer.from(text)
    .subarray(0, most)
    .toString()
    .replace(/\ufffd+$/, '');

/** What was sent, as far as it can be written, as text; on the ways where a key may stand in a body, without that. */
const textOf = (sent: Sent, via: WayIn): { readonly text: string; readonly whole: boolean } => {
  const keyed = via !== 'webhook' && via !== 'import';
  if (sent.form === 'text') return { text: keyed ? withEmptyKeys(sent.value) : sent.value, whole: true };
  const { kept, whole } = keepable(sent.value, keyed);
  return { text: JSON.stringify(kept) ?? 'null', whole };
};

/** The most characters of the reasons that are told. */
const mostOfDetail = 1_000;

const refusedOf = (
  { newId }: Pick<ApiContext, 'newId'>,
  projectId: string,
  { via, sourceId, receivedAt, name }: CameBy,
  [faulty, sent, index]: readonly [Faulty, Sent, number],
): Refused => {
  const { text: all, whole: isAll } = textOf(sent, via);
  const fits = Buffer.byteLength(all) <= rejectLimits.bodyBytes;
  const body = fits ? all : firstBytes(all, rejectLimits.bodyBytes);
  const persons = personsIn(projectId, faulty, body);
  const { pointer } = faulty.faults[0];
  // What an activity is called tells it from others; what has no name is another one each time.
  const own = faulty.eventId ?? (name === undefined ? newId() : `${name}/${index}`);
  const content = createHash('sha256').update(all).digest('base64url');
  return {
    rejectId: rejectIdOf(projectId, via, sourceId ?? '', own, content),
    via,
    ...(sourceId !== undefined && { sourceId }),
    code: reasonOf(faulty),
    detail: listedFaults(faulty.faults).slice(0, mostOfDetail),
    ...(pointer !== '' && { pointer }),
    bytes: Buffer.byteLength(body),
    receivedAt: receivedAt.toISOString(),
    body,
    form: sent.form,
    ...(!(fits && isAll) && { cut: true as const }),
    ...(persons.length > 0 && { persons }),
  };
};

/** What a request was about, as far as what it had refused is concerned. */
type Refusing = { readonly projectId: string; readonly sender: Request; readonly cameBy: CameBy };

/**
 * Keeps the items of a request that were refused, the first of them where there are many, as they were sent, with their places in
 * it; nothing of those that are empty.
 * Resolves when that is durable, with the position.
 */
export const keepRefused = async (
  api: Pick<ApiContext, 'engine' | 'newId'>,
  { projectId, sender, cameBy }: Refusing,
  items: readonly (readonly [Faulty, index: number])[],
  sent: (index: number) => Sent,
): Promise<number> => {
  const rejects = items.slice(0, rejectLimits.ofRequest).flatMap(([faulty, index]) => {
    const one = sent(index);
    const isNothing = one.value === undefined || one.value === null || one.value === '';
    return isNothing ? [] : [refusedOf(api, projectId, cameBy, [faulty, one, index])];
  });
  if (rejects.length === 0) return 0;
  const { expected: _, ...asked } = sender;
  const request = { ...asked, commandId: unrepeatable(api.newId()) };
  return keepRejects(api.engine, projectId, rejects, request);
};
