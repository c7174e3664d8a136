import { z } from 'zod';

/** Where data lives: in a file of this machine, or on a server. The scheme picks the adapter; `:memory:` is a path too. */
export type StoreLocation<Server extends string> =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: Server; readonly url: string };

/** A server that data may live on. `example` is an address of one; the schemes of its addresses are told from others by `scheme`. */
type Server<Name extends string> = { readonly name: Name; readonly scheme: RegExp; readonly example: string };

export const EVENTSTOREDB = {
  name: 'eventstoredb',
  scheme: /^esdb(\+discover)?$/,
  example: 'esdb://<host>:2113 or esdb+discover://<host>:2113',
} as const satisfies Server<string>;

export const MONGODB = {
  name: 'mongodb',
  scheme: /^mongodb(\+srv)?$/,
  example: 'mongodb://<host>:27017/<database> or mongodb+srv://<host>/<database>',
} as const satisfies Server<string>;

const schemeOf = (value: string): string | undefined => /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1];

// Only the scheme is repeated: what follows it may hold a password.
function homeProblem(value: string, server: Server<string>): string | undefined {
  const scheme = schemeOf(value);
  if (scheme === undefined) return 'has no scheme';
  if (scheme === 'sqlite') return value === 'sqlite:' ? 'names no file' : undefined;
  if (!server.scheme.test(scheme)) return `the scheme "${scheme}:" is not supported`;
  if (/^[^:]+:\/\/([^@/?#\s]*@)?[^@/?#\s]+([/?][^@#\s]*)?$/.test(value)) return undefined;
  return `after "${scheme}:" there is no address that can be read; percent-encode what is special in a password`;
}

/** A setting that says where data lives; `file` is what an example names. */
export const storeLocation = <Name extends string>(file: string, server: Server<Name>) =>
  z
    .string()
    .refine((value) => homeProblem(value, server) === undefined, {
      error: ({ input }) =>
        `${homeProblem(String(input), server)}; give sqlite:<path>, like sqlite:./data/${file}, or ${server.example}`,
    })
    .transform((value): StoreLocation<Name> => {
      if (schemeOf(value) !== 'sqlite') return { scheme: server.name, url: value };
      return { scheme: 'sqlite', path: value.slice('sqlite:'.length) };
    })
    .optional();
