import { existsSync } from 'node:fs';
import { z } from 'zod';
import { addressIn } from './eventstoredb-address.ts';

/** Where data lives: in a file of this machine, or on a server by its connection string. `:memory:` is a path too. */
const onOneOf = <Name extends string>(server: Name) =>
  z.union([
    z.object({ scheme: z.literal('sqlite'), path: z.string() }),
    z.object({ scheme: z.literal(server), url: z.string() }),
  ]);

/** Where the facts are and where the read models are, as one thread tells it to another. The scheme picks the adapter. */
export const storeLocations = z.object({ eventStore: onOneOf('eventstoredb'), readModels: onOneOf('mongodb') });

/** Where the vault is: beside the read models, which may be deleted, but never in the same place. */
export type VaultLocation = StoreLocations['readModels'];

export type StoreLocations = {
  readonly [Kind in keyof z.infer<typeof storeLocations>]: Readonly<z.infer<typeof storeLocations>[Kind]>;
};
export type EventStoreLocation = StoreLocations['eventStore'];
export type ReadModelsLocation = StoreLocations['readModels'];

/** A server that data may live on. `example` is an address of one; the schemes of its addresses are told from others by `scheme`. */
type Server<Name extends string> = {
  readonly name: Name;
  readonly scheme: RegExp;
  readonly example: string;
  /** What keeps an address of that scheme from being used. */
  readonly problemIn: (address: string) => string | undefined;
};

export const EVENTSTOREDB = {
  name: 'eventstoredb',
  scheme: /^esdb(\+discover)?$/,
  example: 'esdb://<host>:2113 or esdb+discover://<host>:2113',
  problemIn: (address) => addressIn(address).problem,
} as const satisfies Server<string>;

/** The first of the options of a MongoDB URL that names a file which is not there. The driver looks only when it connects. */
const missingFileIn = (address: string): string | undefined => {
  const options = [...new URLSearchParams(address.split('?')[1])];
  const missing = options.find(([name, file]) => /^tls(CA|CertificateKey|CRL)File$/i.test(name) && !existsSync(file));
  return missing && `its option ${missing[0]} names ${missing[1]}, which is not there; correct the path`;
};

export const MONGODB = {
  name: 'mongodb',
  scheme: /^mongodb(\+srv)?$/,
  example: 'mongodb://<host>:27017/<database> or mongodb+srv://<host>/<database>',
  problemIn: (address) =>
    /^[^:]+:\/\/([^@/?#\s]*@)?[^@/?#\s]+([/?][^@#\s]*)?$/.test(address)
      ? missingFileIn(address)
      : 'there is no address that can be read; percent-encode what is special in a password',
} as const satisfies Server<string>;

const schemeOf = (value: string): string | undefined => /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(value)?.[1];

// Only the scheme is repeated: what follows it may hold a password.
function problemIn(value: string, server: Server<string>): string | undefined {
  const scheme = schemeOf(value);
  if (scheme === undefined) return 'has no scheme';
  if (scheme === 'sqlite') return value === 'sqlite:' ? 'names no file' : undefined;
  if (!server.scheme.test(scheme)) return `the scheme "${scheme}:" is not supported`;
  const problem = server.problemIn(value);
  return problem && `after "${scheme}:" ${problem}`;
}

/** A setting that says where data lives; `file` is what an example names. */
export const storeLocation = <Name extends string>(file: string, server: Server<Name>) =>
  z
    .string()
    .refine((value) => problemIn(value, server) === undefined, {
      error: ({ input }) =>
        `${problemIn(String(input), server)}; give sqlite:<path>, like sqlite:./data/${file}, or ${server.example}`,
    })
    .transform((value) =>
      schemeOf(value) === 'sqlite'
        ? { scheme: 'sqlite' as const, path: value.slice('sqlite:'.length) }
        : { scheme: server.name, url: value },
    )
    .optional();

/**
 * The database beside one: on the same server, with another name, since the read models may be deleted and the vault must not.
 * Where a user is known to the database of the URL, it stays known there.
 */
const databaseBeside = (url: string): string => {
  const [, server = url, name = '', query = ''] = /^([^/]*\/\/[^/?]*)\/?([^?]*)(\?.*)?$/.exec(url) ?? [];
  const database = `${name === '' ? 'leadfold' : name}-vault`;
  const isElsewhere = name === '' || !server.includes('@') || /[?&]authSource=/i.test(query);
  if (isElsewhere) return `${server}/${database}${query}`;
  return `${server}/${database}${query === '' ? '?' : `${query}&`}authSource=${name}`;
};

/** Many processes may use stores that are servers: then they share the vault as well. */
export const vaultBeside = ({ eventStore, readModels }: StoreLocations): VaultLocation | undefined =>
  eventStore.scheme !== 'sqlite' && readModels.scheme === 'mongodb'
    ? { scheme: 'mongodb', url: databaseBeside(readModels.url) }
    : undefined;
