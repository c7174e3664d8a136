import { readFileSync } from 'node:fs';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { NodePreference } from '@eventstore/db-client';
import { addressIn } from '../../config/eventstoredb-address.ts';
import type { EventStoreDBAddress } from '../../config/eventstoredb-address.ts';

/** The hosts in a connection string, without the user and the password. */
export const hostsIn = (connectionString: string): string =>
  /^[^/]*\/\/(?:[^/?]*@)?([^/?]*)/.exec(connectionString)?.[1] ?? 'an unknown host';

/** A connection string as what it says. Throws when that can't be used. */
export const addressOf = (connectionString: string): EventStoreDBAddress => {
  const { address, problem } = addressIn(connectionString);
  if (address) return address;
  throw new TypeError(`Event store at ${hostsIn(connectionString)}: ${problem}; give esdb://<host>:2113?<options>`);
};

const fileOf = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));

/** A client for an address. It is never given the connection string: what it reads itself it also prints, with the password. */
export const newClient = ({ discover, nodes, user, options }: EventStoreDBAddress): EventStoreDBClient => {
  const { tls = true, tlsCAFile, userCertFile, userKeyFile, nodePreference, ...settings } = options;
  const [rootCertificate, certificate, key] = [tlsCAFile, userCertFile, userKeyFile].map(fileOf);
  const security = {
    insecure: !tls,
    ...(rootCertificate && { rootCertificate }),
    ...(certificate && { userCertFile: certificate }),
    ...(key && { userKeyFile: key }),
  };
  const [first, ...others] = nodes;
  if (!discover) return new EventStoreDBClient({ ...settings, endpoint: first }, security, user);
  const rules = { ...settings, ...(nodePreference && { nodePreference: nodePreference as NodePreference }) };
  return others.length === 0
    ? new EventStoreDBClient({ ...rules, discover: first }, security, user)
    : new EventStoreDBClient({ ...rules, endpoints: [...nodes] }, security, user);
};
