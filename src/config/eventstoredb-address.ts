import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Where a node of a cluster listens. */
export type Node = { readonly address: string; readonly port: number };

type Flags = 'tls' | 'throwOnAppendFailure';
type Numbers =
  | 'defaultDeadline'
  | 'discoveryInterval'
  | 'gossipTimeout'
  | 'keepAliveInterval'
  | 'keepAliveTimeout'
  | 'maxDiscoverAttempts';
type Texts = 'connectionName' | 'nodePreference' | 'tlsCAFile' | 'userCertFile' | 'userKeyFile';

/** What a connection string of an EventStoreDB says. `discover` means that a node is asked which one leads. */
export type EventStoreDBAddress = {
  readonly discover: boolean;
  readonly nodes: readonly [Node, ...Node[]];
  readonly user?: { readonly username: string; readonly password: string };
  readonly options: { readonly [Name in Flags]?: boolean } & { readonly [Name in Numbers]?: number } & {
    readonly [Name in Texts]?: string;
  };
};

/** Takes the text of an option, and gives what it means or throws what it should be. */
type Meaning = (text: string) => boolean | number | string;

/** What keeps a connection string from being used. The message never has a value of it but for names of files. */
class Unusable extends Error {}

const flag: Meaning = (text) => {
  if (!['true', 'false'].includes(text)) throw new Unusable('has to be true or false');
  return text === 'true';
};
const whole =
  (least: number): Meaning =>
  (text) => {
    if (!/^-?\d{1,9}$/.test(text) || Number(text) < least)
      throw new Unusable(`has to be a whole number from ${least} on`);
    return Number(text);
  };
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Unusable('has a % that begins no percent-encoded character');
  }
};
const preferences = ['leader', 'follower', 'read_only_replica', 'random'];
const flat = (name: string): string => name.trim().toLowerCase().replaceAll(/[_-]/g, '');
const preference: Meaning = (text) => {
  const found = preferences.find((name) => flat(name) === flat(text));
  if (found === undefined) throw new Unusable(`has to be one of ${preferences.join(', ')}`);
  return found;
};
const refused: Meaning = () => {
  throw new Unusable(
    'is not obeyed by the client, which would print the address with its password; leave it out, and name the authority ' +
      "of the server's certificate with tlsCAFile=<path>",
  );
};

const MEANINGS: Readonly<Record<Flags | Numbers | Texts | 'tlsVerifyCert', Meaning>> = {
  connectionName: decoded,
  defaultDeadline: whole(1),
  discoveryInterval: whole(0),
  gossipTimeout: whole(1),
  keepAliveInterval: whole(-1),
  keepAliveTimeout: whole(-1),
  maxDiscoverAttempts: whole(1),
  nodePreference: preference,
  throwOnAppendFailure: flag,
  tls: flag,
  tlsCAFile: decoded,
  tlsVerifyCert: refused,
  userCertFile: decoded,
  userKeyFile: decoded,
};
const KNOWN = new Map(Object.entries(MEANINGS).map(([name, meaning]) => [flat(name), { name, meaning }]));

/** The options that an EventStoreDB's connection string may have. */
export const optionNames: readonly string[] = Object.keys(MEANINGS).filter((name) => name !== 'tlsVerifyCert');

const optionIn = (pair: string): readonly [string, boolean | number | string] => {
  const [, given = '', text = ''] = /^([^=]*)=?(.*)$/.exec(pair) ?? [];
  const known = KNOWN.get(flat(given));
  // What is not known may be a part of a password that was not encoded.
  if (!known) throw new Unusable(`there is no option ${/^[\w-]{1,40}$/.test(given) ? given : 'of that name'}`);
  try {
    if (text.trim() === '') throw new Unusable('has no value');
    return [known.name, known.meaning(text.trim())];
  } catch (error) {
    throw error instanceof Unusable ? new Unusable(`its option ${known.name} ${error.message}`) : error;
  }
};

const nodeIn = (text: string): Node => {
  const [, address = '', port = '2113'] = /^([^:]+)(?::(\d{1,5}))?$/.exec(text.trim()) ?? [];
  if (address === '' || Number(port) > 65_535) throw new Unusable('it names no host, or a port that is none');
  return { address, port: Number(port) };
};

const textOf = (file: string, option: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Unusable(`its option ${option} names ${file}, which can not be read; correct the path, or its rights`);
  }
};

const mustHaveFiles = ({ options }: EventStoreDBAddress): void => {
  const { tlsCAFile, userCertFile, userKeyFile } = options;
  if ((userCertFile === undefined) !== (userKeyFile === undefined))
    throw new Unusable('its options userCertFile and userKeyFile have to be given together');
  for (const [option, file] of Object.entries({ tlsCAFile, userCertFile, userKeyFile })) {
    if (file === undefined) continue;
    const text = textOf(file, option);
    if (option === 'userKeyFile') continue;
    try {
      new X509Certificate(text);
    } catch {
      throw new Unusable(`its option ${option} names ${file}, which has no certificate; give a PEM file`);
    }
  }
};

const read = (url: string): EventStoreDBAddress => {
  const [, scheme = '', credentials, nodes = '', query] =
    /^(esdb(?:\+discover)?):\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+?)\/*(?:\?([^@#]*))?$/.exec(url.trim()) ?? [];
  if (scheme === '')
    throw new Unusable('there is no address that can be read; percent-encode what is special in a password');
  const [first = '', ...others] = nodes.split(',');
  const [, username, password] = /^([^:]+):([^:]+)$/.exec(credentials ?? '') ?? [];
  if (credentials !== undefined && (username === undefined || password === undefined))
    throw new Unusable('before the host there is no <user>:<password>; percent-encode what is special in a password');
  const address: EventStoreDBAddress = {
    discover: scheme === 'esdb+discover' || others.length > 0,
    nodes: [nodeIn(first), ...others.map(nodeIn)],
    ...(username !== undefined &&
      password !== undefined && { user: { username: decoded(username), password: decoded(password) } }),
    options: Object.fromEntries((query ?? '').split('&').filter(Boolean).map(optionIn)),
  };
  mustHaveFiles(address);
  return address;
};

/**
 * A connection string as what it says, or the problem with it, which never repeats a password. The files that it names have to
 * be there.
 */
export const addressIn = (
  url: string,
):
  | { readonly address: EventStoreDBAddress; readonly problem?: never }
  | { readonly problem: string; readonly address?: never } => {
  try {
    return { address: read(url) };
  } catch (error) {
    if (error instanceof Unusable) return { problem: error.message };
    throw error;
  }
};
