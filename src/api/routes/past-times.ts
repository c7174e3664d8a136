import { z } from 'zod';
import type { Then } from '../../queries/lead/lead-then.ts';
import type { ApiContext } from '../http/context.ts';
import { Problem } from '../http/problems.ts';

const time = z.iso.datetime({ offset: true }).optional();

/** The query parameters of what can be asked about the past. */
export const pastTimes = {
  asOf: time.describe('As it was: by the facts recorded until then, and with the model in force then'),
  asOfOccurred: time.describe('As is known now about then: by the activities that occurred until then'),
};

type PastQuery = { readonly asOf?: string | undefined; readonly asOfOccurred?: string | undefined };

/** The times that a query asks about; undefined when it asks about now. Throws a `Problem` for one in the future. */
export const thenOf = ({ clock }: ApiContext, { asOf, asOfOccurred }: PastQuery): Then | undefined => {
  if (asOf === undefined && asOfOccurred === undefined) return undefined;
  const now = clock();
  const dateOf = (name: string, value: string | undefined): Date | undefined => {
    if (value === undefined) return undefined;
    const date = new Date(value);
    if (date <= now) return date;
    const detail = `Lies in the future; it is ${now.toISOString()}`;
    throw new Problem('invalid-request', `What will be is not known: ${name} lies in the future`, {
      errors: [{ pointer: `/${name}`, detail }],
    });
  };
  return { recorded: dateOf('asOf', asOf), occurred: dateOf('asOfOccurred', asOfOccurred) };
};
