import { z } from 'zod';
import { Broken, must } from './case.ts';

/** An answer: its status, its headers and its body, parsed when it is JSON. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

export type Call = {
  readonly method?: string;
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes as it is, anything else as JSON. */
  readonly body?: unknown;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
};

/** Sends one request. Rejects when it isn't answered within half a minute. */
export const ask = async (url: string, { method, key, headers, body }: Call): Promise<Answer> => {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
};

/** The body of an answer in the shape that is expected. Throws `Broken` for another status or shape. */
export const bodyOf = <S extends z.ZodType>(answer: Answer, status: number, shape: S): z.output<S> => {
  must(
    answer.status === status,
    `Answered ${answer.status}, not ${status}: ${JSON.stringify(answer.body).slice(0, 500)}`,
  );
  const { data, error } = shape.safeParse(answer.body);
  if (error) throw new Broken(`Answered in another shape: ${z.prettifyError(error)}`);
  return data;
};
