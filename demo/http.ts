import { z } from 'zod';

/** The demo can't go on. The message says what is wrong and what to do. */
export class DemoError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DemoError';
  }
}

/** A request; with a body it is a POST of JSON unless told otherwise. */
export type Call = {
  readonly url: string;
  readonly key: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

/** An answer: its body, and up to where the log has what was written, if it says so. */
export type Answer<T> = { readonly body: T; readonly position: number; readonly location: string | undefined };

const problem = z.object({ title: z.string(), detail: z.string().optional(), code: z.string() });

/** What kept a request from being answered, in a few words. */
export const causeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
};

/** The JSON in a text; undefined when there is none. */
export const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

const refusalOf = (call: Call, status: number, text: string): DemoError => {
  const said = problem.safeParse(jsonIn(text)).data;
  const why = said ? `${said.detail ?? said.title} (${said.code})` : text.slice(0, 200);
  const advice =
    status === 401 ? '\nThe key is of another server: set LEADFOLD_ADMIN_KEY, or DATA_DIR to its data folder' : '';
  return new DemoError(
    `${call.method ?? (call.body ? 'POST' : 'GET')} ${call.url} was answered ${status}: ${why}${advice}`,
  );
};

const reach = async ({ url, key, method, headers, body }: Call): Promise<Response> => {
  try {
    return await fetch(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { Authorization: `Bearer ${key}`, ...(body && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    const message = `${url} can't be reached any more (${causeOf(error)}); look at what the server says`;
    throw new DemoError(message, { cause: error });
  }
};

/** Reads an answer of the expected shape. Throws a `DemoError` for any other, and for every status that is none of success. */
export const ask = async <S extends z.ZodType>(call: Call, shape: S): Promise<Answer<z.output<S>>> => {
  const response = await reach(call);
  const text = await response.text();
  if (!response.ok) throw refusalOf(call, response.status, text);
  const parsed = shape.safeParse(jsonIn(text));
  if (!parsed.success) {
    throw new DemoError(`${call.url} answered in a shape that the demo doesn't know: ${z.prettifyError(parsed.error)}`);
  }
  const position = Number(response.headers.get('leadfold-position') ?? 0);
  return { body: parsed.data, position, location: response.headers.get('content-location') ?? undefined };
};
