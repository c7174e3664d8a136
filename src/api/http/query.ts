import { z } from 'zod';
import { nearestOf } from '../../domain/nearest.ts';
import type { App } from './app.ts';
import type { FieldError } from './problems.ts';
import { pointerOf } from './problems.ts';

/** How many characters of a name that nobody knows are repeated to whoever sent it. */
const repeated = 64;

/** How many names are complained about: to look for what was meant costs something for each. */
const most = 20;

/** By how many characters a name may differ from the one that was meant. */
const mistyped = 4;

const fields = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> =>
  schema instanceof z.ZodObject ? schema.shape : {};

const isRecord = (schema: z.ZodType | undefined): boolean =>
  schema instanceof z.ZodRecord || (schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodRecord);

const wrong = (name: string, known: readonly string[]): FieldError => {
  const pointer = pointerOf([name.slice(0, repeated)]);
  if (known.length === 0) return { pointer, detail: 'is not known, and nothing else can be asked here; leave it out' };
  const meant = nearestOf(name, known, mistyped);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  return { pointer, detail: `is not known${hint} (known are ${known.join(', ')})` };
};

/**
 * The members of a query as its schema has them, and a complaint about each name that the schema does not know: a filter that
 * is passed over would answer with what nobody asked for. `name.member=value` is a member of the record `name`.
 */
export const queryIn = (
  schema: z.ZodType,
  given: Readonly<Record<string, unknown>>,
): { readonly query: Readonly<Record<string, unknown>>; readonly errors: readonly FieldError[] } => {
  const shape = fields(schema);
  const known = Object.keys(shape);
  const names = known.map((each) => (isRecord(shape[each]) ? `${each}.<name>` : each));
  const errors: FieldError[] = [];
  const query: Record<string, unknown> = {};
  const records = new Map<string, Record<string, unknown>>();
  for (const [name, value] of Object.entries(given)) {
    if (errors.length === most) break;
    const dot = name.indexOf('.');
    const [family, member] = dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
    // Nothing is called `__proto__`: JSON that has it is not taken, and a record would pass it over.
    if (dot > 0 && member !== '__proto__' && known.includes(family) && isRecord(shape[family])) {
      const members = records.get(family) ?? {};
      members[member] = value;
      records.set(family, members);
    } else if (known.includes(name) && !isRecord(shape[name])) query[name] = value;
    else errors.push(wrong(name, names));
  }
  return { query: { ...query, ...Object.fromEntries(records) }, errors };
};

/** Whether a route has a parameter of a name in its query. */
export const asksFor = ({ schema }: { readonly schema?: { readonly querystring?: unknown } }, name: string): boolean =>
  schema?.querystring instanceof z.ZodObject && name in schema.querystring.shape;

/**
 * Gives each route that has no query of its own an empty one, so that what is asked there in vain is refused. Not where
 * events come in: their senders are configured elsewhere, and add what they like.
 */
export const queriesAreKnown = (app: App): void => {
  const nothing = z.object({});
  app.addHook('onRoute', (route) => {
    const { permission } = route.config ?? {};
    if (permission === undefined || permission === 'events:write') return;
    route.schema = { ...route.schema, querystring: route.schema?.querystring ?? nothing };
  });
};
