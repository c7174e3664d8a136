import { z } from 'zod';
import { jsonIn } from '../../demo/http.ts';

/** A tool can't go on. The message says what was found, and where. */
export class Unexpected extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Unexpected';
  }
}

/** An answer: its status, its headers and its body, parsed when it is JSON. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: unknown };

export type Call = {
  readonly method?: string;
  readonly key: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes as it is, anything else as JSON. */
  readonly body?: unknown;
  /** How long the answer may take, in ms: half a minute unless said. */
  readonly patience?: number;
};

/** Sends one request; with a body it is a POST unless told otherwise. Rejects when it isn't answered in time. */
export const ask = async (url: string, { method, key, headers, body, patience = 30_000 }: Call): Promise<Answer> => {
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      authorization: `Bearer ${key}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(patience),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: jsonIn(text) ?? text };
};

/** The body of an answer in the shape that is expected. Throws `Unexpected` for another status or shape. */
export const bodyOf = <S extends z.ZodType>(answer: Answer, status: number, shape: S): z.output<S> => {
  const said = JSON.stringify(answer.body).slice(0, 500);
  if (answer.status !== status) throw new Unexpected(`Answered ${answer.status}, not ${status}: ${said}`);
  const { data, error } = shape.safeParse(answer.body);
  if (error) throw new Unexpected(`Answered in another shape: ${z.prettifyError(error)}`, { cause: error });
  return data;
};
